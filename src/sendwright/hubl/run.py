"""One render as it runs: fuel, clock, errors; and the two ways an expression or a render ends early."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from .model import Limit, Limits, Reason, Severity, TemplateError
from .values import INT_MAX, INT_MIN, Macro, Value, is_true, text_of

CHECK_EVERY = 512  # fuel between two looks at the clock
ERRORS_MAX = 100
DEPTH_MAX = 60
CONTAINERS = (list, dict)  # a tuple is much faster to ask for than a union

ADVICE = {
    Limit.FUEL: "The template does more work than one mail may take; loop over less or print less.",
    Limit.TURNS: "The loops of the template turn too often; loop over fewer items.",
    Limit.OUTPUT: "The mail becomes too long; print less.",
    Limit.STRING: "A text inside the template becomes too long; build it in smaller pieces.",
    Limit.LIST: "A list inside the template becomes too long; use fewer items.",
    Limit.TIME: "The template takes too long; loop over less or print less.",
    Limit.DEPTH: "Values or macros of the template are nested too deeply; flatten them.",
}


class Fault(Exception):
    """A value that cannot be used so: the expression prints nothing. The text says why and holds no value."""


# The arithmetic and text routines of the language raise these for odd values; the place prints nothing, as in HubL.
FAULTS = (Fault, ArithmeticError, LookupError, TypeError, ValueError)


class Stopped(Exception):
    """A limit is reached: nothing of the render is kept."""

    def __init__(self, limit: Limit) -> None:
        super().__init__(limit)
        self.limit = limit


def _width(value: Value) -> int:
    """Room for the longest float or 64-bit integer; a decimal made by `round` has at most some 400 digits."""
    return 420 if isinstance(value, Decimal) else 32


class Run:
    """The budget of one render. Every size is asked for before memory is taken."""

    __slots__ = ("_clock", "_deadline", "_next_look", "_notes", "failed", "fuel", "limits", "macros", "room", "turns")

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self.limits = limits
        self.fuel = limits.fuel
        self.turns = limits.turns
        self.room = limits.output_chars
        self.macros: tuple[Macro, ...] = ()
        self.failed = False
        self._notes: dict[TemplateError, None] = {}
        self._clock = clock
        self._deadline: float | None = None  # set at the first look: asking this clock costs more than most renders
        self._next_look = max(0, self.fuel - CHECK_EVERY)

    @property
    def notes(self) -> tuple[TemplateError, ...]:
        return tuple(self._notes)

    def note(self, line: int, reason: Reason, message: str) -> None:
        if len(self._notes) < ERRORS_MAX:
            self._notes[TemplateError(severity=Severity.WARNING, reason=reason, line=line, message=message)] = None

    def fail(self, line: int, message: str) -> None:
        """Notes a fault that leaves nothing of the mail. It is kept even where the other notes are too many."""
        self.failed = True
        self._notes[TemplateError(severity=Severity.FATAL, reason=Reason.VALUE, line=line, message=message)] = None

    def spend(self, units: int) -> None:
        self.fuel -= units
        if self.fuel < self._next_look:
            self._look()

    def _look(self) -> None:
        if self.fuel < 0:
            raise Stopped(Limit.FUEL)
        now = self._clock()
        if self._deadline is None:
            self._deadline = now + self.limits.time.total_seconds()
        if now > self._deadline:
            raise Stopped(Limit.TIME)
        self._next_look = max(0, self.fuel - CHECK_EVERY)

    def turn(self) -> None:
        self.turns -= 1
        if self.turns < 0:
            raise Stopped(Limit.TURNS)

    def printed(self, chars: int) -> None:
        self.room -= chars
        if self.room < 0:
            raise Stopped(Limit.OUTPUT)

    def string(self, chars: int) -> None:
        """Call before a string of that length is made, or a function is run over one."""
        if chars > self.limits.string_chars:
            raise Stopped(Limit.STRING)
        self.spend(1 + (chars >> 4))

    def items(self, count: int) -> None:
        """Call before a list or map of that size is made."""
        if count > self.limits.list_items:
            raise Stopped(Limit.LIST)
        self.spend(1 + count)

    def weigh(self, value: Value, depth: int = DEPTH_MAX) -> int:
        """Pays for a walk over all of a value and says how many characters it prints at most.

        Lists may share members, so that a small template can hold a value that prints for ever; and C code that
        compares or copies such a value cannot be stopped. So every deep use walks here first.
        """
        if isinstance(value, str):
            self.spend(1 + (len(value) >> 4))
            return len(value) + 2
        self.spend(1)
        if not isinstance(value, list | dict):
            return _width(value)
        if depth == 0:
            raise Stopped(Limit.DEPTH)
        members = value if isinstance(value, list) else value.values()
        inside = sum([self.weigh(member, depth - 1) for member in members])
        return inside + 2 + (self._keys(value) if isinstance(value, dict) else 0)

    def _keys(self, value: dict[str, Value]) -> int:
        length = sum(map(len, value)) + len(value)
        self.spend(length >> 4)
        return length

    def touch(self, value: Value) -> None:
        """Pays for one look at every character or item of a value, not of what it holds in turn."""
        if isinstance(value, str):
            self.string(len(value))
        elif isinstance(value, CONTAINERS):
            self.items(len(value))

    def text(self, value: Value) -> str:
        """The text that a value prints."""
        if isinstance(value, CONTAINERS):
            self.string(self.weigh(value))
        return text_of(value)


class Scope(dict[str, Value]):
    """The names visible at one place of a render. `get` is the whole of name lookup: missing is null."""

    __slots__ = ("run",)

    def __init__(self, names: dict[str, Value], run: Run) -> None:
        super().__init__(names)
        self.run = run

    def child(self) -> "Scope":
        """A loop's or macro's own names over the visible ones (HubL scopes are dynamic)."""
        self.run.spend(1 + (len(self) >> 3))
        return Scope(self, self.run)


class Given:
    """The arguments of one call, taken by place or by name."""

    __slots__ = ("named", "values")

    def __init__(self, values: Sequence[Value], named: dict[str, Value]) -> None:
        self.values = values
        self.named = named

    def value(self, place: int, name: str = "", default: Value = None) -> Value:
        if place < len(self.values):
            return self.values[place]
        return self.named.get(name, default)

    def text(self, place: int, name: str = "", default: str = "") -> str:
        """A text or a number as its text; anything else is a fault."""
        value = self.value(place, name, default)
        if isinstance(value, list | dict):
            raise Fault("an argument here must be a text")
        return text_of(value)

    def whole(self, place: int, name: str, default: int) -> int:
        value = self.value(place, name, default)
        if isinstance(value, str) and len(value) < 20:
            return int(value)
        if isinstance(value, float | Decimal):
            return max(INT_MIN, min(INT_MAX, int(value)))
        if not isinstance(value, int):
            raise Fault("an argument here must be a whole number")
        return value

    def flag(self, place: int, name: str, *, default: bool = False) -> bool:
        return is_true(self.value(place, name, default))


NOTHING_GIVEN = Given((), {})
