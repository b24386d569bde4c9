"""What the engine says and takes: frozen words without behaviour of their own."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class Escape(StrEnum):
    """How printed values meet the text around them: HTML for bodies, NONE for subjects, names and plain text."""

    HTML = "html"
    NONE = "none"


class Severity(StrEnum):
    """FATAL: nothing can be sent; found in the template, it must be repaired before publishing.

    WARNING: that one place prints nothing and the mail goes on.
    """

    FATAL = "fatal"
    WARNING = "warning"


class Reason(StrEnum):
    SYNTAX = "syntax"
    UNKNOWN = "unknown"  # a name that exists in no table: filter, test, function, tag
    VALUE = "value"  # a value that cannot be used in that way
    UNSAFE = "unsafe"  # a web address whose scheme does not belong into a mail
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateError:
    """A fault at a line (from 1) of the template. The message never holds a value: values are personal data."""

    severity: Severity
    reason: Reason
    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The first-level keys of `custom` that a template reads, and whether it may read others (`dynamic`).

    Source: the construct table of reference/hubl.md 3.5. A key that is required somewhere is never optional.
    """

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    dynamic: bool = False

    def union(self, other: "Manifest") -> "Manifest":
        """What subject, body and text part need together."""
        required = self.required | other.required
        optional = (self.optional | other.optional) - required
        return Manifest(required=required, optional=optional, dynamic=self.dynamic or other.dynamic)

    def missing(self, keys: frozenset[str]) -> frozenset[str]:
        """The required keys that are not among the keys given. Present with null or "" counts as given."""
        return self.required - keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one render may use. Fuel: a unit for each node run, loop turn and list item, and for 16 characters made."""

    fuel: int = 1_000_000
    turns: int = 100_000
    output_chars: int = 2_000_000
    string_chars: int = 1_000_000
    list_items: int = 10_000
    range_items: int = 1_000
    macro_depth: int = 20
    time: timedelta = timedelta(milliseconds=250)


DEFAULT = Limits()


class Limit(StrEnum):
    FUEL = "fuel"
    TURNS = "turns"
    OUTPUT = "output"
    STRING = "string"
    LIST = "list"
    TIME = "time"
    DEPTH = "depth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The text, and what printed nothing because it was wrong (at most 100, no two alike)."""

    text: str
    errors: tuple[TemplateError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitExceeded:
    """The render was stopped: HUBL_LIMIT_EXCEEDED. `message` tells the author what to change."""

    limit: Limit
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The template, or these values in it, have FATAL faults: TEMPLATE_RENDER_EXCEPTION.

    `text` is what could be made, for a preview only.
    """

    errors: tuple[TemplateError, ...]
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLarge:
    """The data given are refused; `message` says which bound they pass."""

    message: str
