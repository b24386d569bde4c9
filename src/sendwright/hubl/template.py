"""Compile and render: the two things that others ask of a template."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import thread_time

from .expressions import Expressions
from .manifest import macro_names, manifest_of
from .model import (
    DEFAULT,
    Escape,
    Failed,
    Limit,
    LimitExceeded,
    Limits,
    Manifest,
    Rendered,
    Severity,
    TemplateError,
)
from .nodes import Body
from .run import ADVICE, Run, Scope, Stopped
from .statements import Statements, Write
from .tags import TOO_DEEP, parse
from .values import Values, whole_characters

CACHED_NODES = 1_000_000
OWN_NODES = 100  # what even an empty template costs to keep
ERRORS_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A compiled template: may be kept, shared between threads, and rendered any number of times."""

    errors: tuple[TemplateError, ...]
    manifest: Manifest
    escape: Escape
    nodes: int
    _write: Write = field(repr=False)

    @property
    def fatal(self) -> bool:
        """Whether it must not be published."""
        return any(error.severity is Severity.FATAL for error in self.errors)

    def render(
        self, values: Values, limits: Limits = DEFAULT, clock: Callable[[], float] = thread_time
    ) -> Rendered | LimitExceeded | Failed:
        """The text for these values. Raises nothing that depends on the template or the values.

        `clock` gives seconds. The default counts the work of this thread only: a render that waits for a busy
        machine has not grown too expensive, and must not fail a customer's mail.
        """
        run = Run(limits, clock)
        out: list[str] = []
        try:
            self._write(Scope(values.names, run), out)
        except Stopped as stopped:
            return LimitExceeded(limit=stopped.limit, message=ADVICE[stopped.limit])
        except RecursionError:
            return LimitExceeded(limit=Limit.DEPTH, message=ADVICE[Limit.DEPTH])
        text = "".join(out)
        if self.fatal or run.failed:
            return Failed(errors=self.errors + run.notes, text=text)
        return Rendered(text=text, errors=run.notes)


class Cache:
    """Compiled templates by content; the least recently used go when together they have too many nodes."""

    def __init__(self, nodes_max: int) -> None:
        self._nodes_max = nodes_max
        self._nodes = 0
        self._kept: OrderedDict[tuple[bytes, Escape], Template] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def compile(self, source: str, escape: Escape) -> Template:
        key = (hashlib.blake2b(source.encode("utf-8", "surrogatepass"), digest_size=20).digest(), escape)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        template = compiled(source, escape)  # two threads may both compile it: dearer to prevent than to bear
        with self._lock:
            self._keep(key, template)
        return template

    def _keep(self, key: tuple[bytes, Escape], template: Template) -> None:
        before = self._kept.pop(key, None)
        self._kept[key] = template
        self._nodes += template.nodes - (before.nodes if before else 0)
        while self._nodes > self._nodes_max:
            _, oldest = self._kept.popitem(last=False)
            self._nodes -= oldest.nodes


def compiled(source: str, escape: Escape) -> Template:
    """Reads and builds, without the cache."""
    body, errors, nodes = parse(whole_characters(source))
    try:
        return _built(body, errors, nodes, escape)
    except RecursionError:
        return _built((), (*errors, TOO_DEEP), nodes, escape)


def _built(body: Body, errors: tuple[TemplateError, ...], nodes: int, escape: Escape) -> Template:
    expressions = Expressions(macro_names(body))
    write = Statements(expressions, escape=escape is Escape.HTML).body(body)
    return Template(
        errors=errors + tuple(expressions.errors[:ERRORS_MAX]),
        manifest=manifest_of(body),
        escape=escape,
        nodes=nodes + OWN_NODES,
        _write=write,
    )


_CACHE = Cache(CACHED_NODES)


def compile(source: str, escape: Escape = Escape.HTML) -> Template:
    """The template of this source, from the cache if it was compiled before. Raises nothing.

    Bounds: 1,000,000 characters, 50,000 nodes, blocks 40 deep, expressions 60 deep; beyond them, and for what
    cannot be read, `errors` of the template holds a FATAL.
    """
    return _CACHE.compile(source, escape)
