"""Which keys of `custom` a template needs: the table of reference/hubl.md 3.5, construct by construct."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from .model import Manifest
from .nodes import (
    Arguments,
    Asked,
    Autoescape,
    Binary,
    Body,
    CallBlock,
    Called,
    Choice,
    Cycle,
    Do,
    Expr,
    Filtered,
    For,
    If,
    Item,
    ListOf,
    Literal,
    MacroOf,
    MapOf,
    Member,
    Name,
    Print,
    SetBlock,
    SetNames,
    Slice,
    Statement,
    Unary,
)

DATA = "custom"
DEFAULTS = frozenset({"default", "d"})
PRESENCE = frozenset({"defined", "undefined", "none"})
TOKENS = frozenset({"personalization_token", "data_token"})


def manifest_of(body: Body) -> Manifest:
    """`custom.x` printed anywhere is required, unless something stands in for it or it may never be printed."""
    reading = Reading()
    reading.body(body, Place())
    return Manifest(
        required=frozenset(reading.required),
        optional=frozenset(reading.optional - reading.required),
        dynamic=reading.dynamic,
    )


def macro_names(body: Body) -> frozenset[str]:
    return frozenset(_macro_names(body))


def _macro_names(body: Body) -> Iterator[str]:
    for statement in body:
        match statement:
            case MacroOf(name=name, body=inner):
                yield name
                yield from _macro_names(inner)
            case CallBlock(body=inner):
                yield "caller"
                yield from _macro_names(inner)
            case For(body=inner) | SetBlock(body=inner) | Autoescape(body=inner):
                yield from _macro_names(inner)
            case If(branches=branches, otherwise=otherwise):
                for _, inner in branches:
                    yield from _macro_names(inner)
                yield from _macro_names(otherwise)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an expression stands: printed for certain or not, and what the names there mean.

    `means`: names that stand for a key of `custom`; None for names that hide an outer meaning.
    """

    certain: bool = True
    means: dict[str, str | None] = field(default_factory=dict)

    def unsure(self) -> "Place":
        return replace(self, certain=False)

    def hiding(self, *names: str) -> "Place":
        return replace(self, means={**self.means, **dict.fromkeys(names)})


class Reading:
    """Walks a tree once and collects the keys."""

    def __init__(self) -> None:
        self.required: set[str] = set()
        self.optional: set[str] = set()
        self.dynamic = False

    def body(self, body: Body, place: Place) -> None:
        for statement in body:
            self._statement(statement, place)

    def _statement(self, statement: Statement, place: Place) -> None:
        match statement:
            case Print(expr=expr) | Do(expr=expr):
                self.expr(expr, place)
            case If():
                self._if(statement, place)
            case For():
                self.expr(statement.iterable, place)
                self.body(statement.body, place.hiding("loop", *statement.names))
            case SetNames():
                self._set(statement, place)
            case SetBlock():
                self.body(statement.body, place)
                self.expr(statement.filters, place)
                place.means[statement.name] = None
            case MacroOf():
                self._macro(statement, place)
            case CallBlock():
                self.expr(statement.call, place)
                self.body(statement.body, place)
            case Cycle(exprs=exprs):
                self._each(exprs, place)
            case Autoescape(body=body):
                self.body(body, place)

    def _if(self, tag: If, place: Place) -> None:
        """What stands in a branch may never be printed, so it is only optional."""
        for condition, body in tag.branches:
            if condition == Literal(value=True):
                self.body(body, place)
                continue
            self.expr(condition, place.unsure())
            self.body(body, place.unsure())
        self.body(tag.otherwise, place.unsure())

    def _set(self, tag: SetNames, place: Place) -> None:
        for name, expr in zip(tag.names, tag.exprs, strict=True):
            key = None if "." in name else self._key(expr, place)  # what a namespace holds is not followed
            if key is None:
                self.expr(expr, place)
            else:
                self.optional.add(key)
            place.means[name] = key if place.certain else None

    def _macro(self, tag: MacroOf, place: Place) -> None:
        inside = place.hiding("varargs", "kwargs", *tag.parameters)
        self._each(tuple(default for default in tag.defaults if default), place)
        self.body(tag.body, inside)

    # expressions

    def expr(self, expr: Expr, place: Place) -> None:
        key = self._key(expr, place)
        if key is not None:
            (self.required if place.certain else self.optional).add(key)
            if isinstance(expr, Item):
                self.expr(expr.key, place)
            return
        match expr:
            case Name(name=name):
                self.dynamic |= name == DATA and DATA not in place.means
            case Filtered(operand=operand, name=name, arguments=arguments):
                self.expr(operand, place.unsure() if name in DEFAULTS else place)
                self._arguments(arguments, place)
            case Binary(sign=sign, left=left, right=right):
                self.expr(left, place.unsure() if sign in ("or", "and") else place)
                self.expr(right, place.unsure() if sign == "and" else place)
            case Choice(condition=condition, then=then, otherwise=otherwise):
                self._each((condition, then, otherwise), place.unsure())
            case Asked(operand=operand, name=name, arguments=arguments):
                self.expr(operand, place.unsure() if name in PRESENCE else place)
                self._arguments(arguments, place)
            case Called():
                self._called(expr, place)
            case _:
                self._each(tuple(_parts(expr)), place)

    def _each(self, exprs: tuple[Expr, ...], place: Place) -> None:
        for expr in exprs:
            self.expr(expr, place)

    def _arguments(self, arguments: Arguments, place: Place) -> None:
        self._each(arguments.given, place)
        self._each(tuple(expr for _, expr in arguments.named), place)

    def _called(self, call: Called, place: Place) -> None:
        """A token function reads the path that its text names."""
        given = call.arguments.given
        if isinstance(call.target, Name) and call.target.name in TOKENS and given:
            self._token(given[0], place if len(given) == 1 else place.unsure())
            self._each(given[1:], place)
            return
        if isinstance(call.target, Member):
            self.expr(call.target.target, place)
        self._arguments(call.arguments, place)

    def _token(self, path: Expr, place: Place) -> None:
        if not isinstance(path, Literal):
            self.dynamic = True
            self.expr(path, place)
            return
        root, _, rest = str(path.value).partition(".")
        if root == DATA and rest:
            (self.required if place.certain else self.optional).add(rest.partition(".")[0])

    def _key(self, expr: Expr, place: Place) -> str | None:
        """The key that a path begins with: `custom.x.y[0]`, `custom['x']`, or a name set to one of them."""
        match expr:
            case Name(name=name):
                return place.means.get(name)
            case Member(target=Name(name=root), name=name) if self._is_data(root, place):
                return name
            case Item(target=Name(name=root), key=Literal(value=str(name))) if self._is_data(root, place):
                return name
            case Member(target=target) | Item(target=target):
                return self._key(target, place)
        return None

    def _is_data(self, root: str, place: Place) -> bool:
        return root == DATA and DATA not in place.means


def _parts(expr: Expr) -> Iterator[Expr]:
    """What an expression is made of, where all of it counts alike."""
    match expr:
        case Member(target=target):
            yield target
        case Item(target=target, key=key):
            yield from (target, key)
        case Slice(target=target, start=start, stop=stop):
            yield target
            yield from (bound for bound in (start, stop) if bound)
        case ListOf(items=items):
            yield from items
        case MapOf(pairs=pairs):
            for pair in pairs:
                yield from pair
        case Unary(operand=operand):
            yield operand
