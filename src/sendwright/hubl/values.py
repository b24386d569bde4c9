"""The closed value model: what a template can ever touch, how it is printed, and when it is true.

Nothing else enters a render, so there is no Python attribute, method or module to reach (attacks.md B3).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from .model import TooLarge

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
DEPTH_MAX, NODES_MAX, CHARS_MAX = 20, 20_000, 1_000_000
NAMES_OF_LOOP = frozenset(
    "index index0 revindex revindex0 counter revcounter first last length depth depth0".split()  # noqa: SIM905
)


class Safe(str):
    """Text that is HTML already and is printed as it is."""

    __slots__ = ()


class Loop:
    """`loop` inside a for: counters only."""

    __slots__ = ("index0", "length")

    def __init__(self, length: int) -> None:
        self.index0 = 0
        self.length = length

    def member(self, name: str) -> "Value":
        if name == "index":
            return self.index0 + 1
        if name in ("first", "last"):
            return self.index0 == (0 if name == "first" else self.length - 1)
        return self._count(name) if name in NAMES_OF_LOOP else None

    def _count(self, name: str) -> int:
        match name:
            case "counter":
                return self.index0 + 1
            case "revindex" | "revcounter":
                return self.length - self.index0
            case "index0":
                return self.index0
            case "revindex0":
                return self.length - self.index0 - 1
            case "length":
                return self.length
        return 1 if name == "depth" else 0


class Macro:
    """A macro or the body of a call block, as a value that can only be called."""

    __slots__ = ("call", "name")

    def __init__(self, name: str, call: "Callable[..., Value]") -> None:
        self.name = name
        self.call = call


class Namespace(dict[str, "Value"]):
    """`namespace(total=0)`: the one map that a template can write to, so that a loop can count beyond its end."""

    __slots__ = ()


Value: TypeAlias = "bool | int | float | Decimal | str | list[Value] | dict[str, Value] | Loop | Macro | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The names a render sees, already closed. Made by `close`; no one changes it, so renders may share it."""

    names: dict[str, Value] = field(repr=False)


_SILENT = (Loop, Macro)
_EXACT = (int, Decimal)
_NUMBERS = (int, float)
_MAPS = (dict, Mapping)  # asking for a dict first saves asking the abstract class


class _Refused(Exception):
    """Carries the reason from the depth of the data up to `close`."""


class _Closing:
    __slots__ = ("chars", "nodes")

    def __init__(self) -> None:
        self.nodes = NODES_MAX
        self.chars = CHARS_MAX

    def value(self, given: object, depth: int) -> Value:
        self.nodes -= 1
        if self.nodes < 0:
            raise _Refused(f"the data hold more than {NODES_MAX} values; send fewer")
        kind = type(given)
        if kind is str:
            return self.text(given)  # type: ignore[arg-type]
        if given is None or isinstance(given, bool):
            return given
        if isinstance(given, _NUMBERS):
            return number_within(given)
        return self.text(given) if isinstance(given, str) else self.container(given, depth - 1)

    def container(self, given: object, depth: int) -> Value:
        if depth < 0:
            raise _Refused(f"the data are nested more than {DEPTH_MAX} deep; flatten them")
        if isinstance(given, _MAPS):
            return {self.key(key): self.value(item, depth) for key, item in given.items()}
        if isinstance(given, list | tuple):
            return [self.value(item, depth) for item in given]
        raise TypeError(f"a template takes plain data only, not {type(given).__name__}")

    def key(self, given: object) -> str:
        if not isinstance(given, str):
            raise TypeError("a key of template data is a string")
        return self.text(given)

    def text(self, given: str) -> str:
        self.chars -= len(given)
        if self.chars < 0:
            raise _Refused(f"the data hold more than {CHARS_MAX} characters; send less text")
        return whole_characters(given)


def close(data: Mapping[str, object]) -> Values | TooLarge:
    """Copies JSON-like data into the closed model, once for all parts of a mail.

    Bounds: 20 levels, 20,000 values, 1,000,000 characters. An integer outside 64 bits becomes a float, half of a
    surrogate pair becomes U+FFFD. Raises TypeError for what JSON cannot hold: that is a fault of the caller.
    """
    closing = _Closing()
    try:
        return Values(names={closing.key(key): closing.value(item, DEPTH_MAX) for key, item in data.items()})
    except _Refused as refused:
        return TooLarge(message=str(refused))


def whole_characters(text: str) -> str:
    """A lone surrogate cannot be written as UTF-8 and would fail the mail long after the render."""
    if text.isascii():
        return text if type(text) is str else str(text)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def number_within(number: int | float) -> int | float:
    if isinstance(number, float) or INT_MIN <= number <= INT_MAX:
        return number
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def is_true(value: Value) -> bool:
    """False are null, false, 0, empty things, and the text "false" in any case (hubl.md 1.2)."""
    if isinstance(value, str):
        return bool(value) and not (len(value) == 5 and value.lower() == "false")
    return bool(value)


def text_of(value: Value) -> str:
    """Prints as Java does. A container must have been weighed before (`Run.weigh`), or this may not end."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, _SILENT):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _EXACT):
        return str(value)
    return text_of_float(value) if isinstance(value, float) else _text_of_container(value)


def _text_of_container(value: list[Value] | dict[str, Value]) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_text_inside, value)) + "]"
    return "{" + ", ".join(f"{key}={_text_inside(item)}" for key, item in value.items()) + "}"


def _text_inside(value: Value) -> str:
    return "null" if value is None else text_of(value)


def text_of_float(number: float) -> str:
    """Double.toString: plain from 1e-3 up to 1e7, else 1.234E10."""
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")
    sign, digits, exponent = Decimal(repr(number)).as_tuple()
    figures = "".join(map(str, digits))
    power = len(figures) - 1 + int(exponent)
    return f"{'-' if sign else ''}{figures[0]}.{figures[1:].rstrip('0') or '0'}E{power}"
