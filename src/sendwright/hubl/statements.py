"""Turns the statements of a template into closures that write to a list of texts."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from .escaping import escaped, is_plain_address
from .expressions import Evaluate, Expressions
from .model import Limit, Reason
from .nodes import (
    Autoescape,
    Body,
    CallBlock,
    Cycle,
    Do,
    For,
    If,
    Leave,
    MacroOf,
    Print,
    SetBlock,
    SetNames,
    Tagged,
    Text,
)
from .run import FAULTS, Fault, Given, Run, Scope, Stopped
from .values import Loop, Macro, Namespace, Safe, Value, is_true

NEEDS_NO_ESCAPE = frozenset({Safe, float, bool, Decimal, type(None)})
Write: TypeAlias = Callable[[Scope, list[str]], None]


class LoopLeft(Exception):
    """`break`"""


class TurnLeft(Exception):
    """`continue`"""


class Statements:
    """Builds the bodies of one template. Escaping is a matter of where a tag stands, so it is settled here."""

    def __init__(self, expressions: Expressions, *, escape: bool) -> None:
        self._expressions = expressions
        self._escape = escape

    def body(self, body: Body) -> Write:
        """What a body costs is counted when it is built: one payment for each run of it."""
        before = self._expressions.nodes
        parts = [part.text if isinstance(part, Text) else self.statement(part) for part in body]
        cost = 1 + len(parts) + self._expressions.nodes - before
        self._expressions.nodes = before
        return _body(tuple(parts), cost, sum(len(part) for part in parts if isinstance(part, str)))

    def statement(self, statement: Tagged) -> Write:
        match statement:
            case Print():
                return self._print(statement)
            case If():
                return self._if(statement)
            case For():
                return _for(statement, self._expressions.build(statement.iterable), self.body(statement.body))
            case SetNames():
                return _set(statement, tuple(map(self._expressions.build, statement.exprs)))
            case MacroOf():
                return self._macro(statement)
            case Autoescape(on=on, body=body):
                return Statements(self._expressions, escape=on).body(body)
        return self._rare(statement)

    def _rare(self, statement: SetBlock | CallBlock | Do | Cycle | Leave) -> Write:
        match statement:
            case SetBlock():
                return self._set_block(statement)
            case CallBlock():
                return self._call_block(statement)
            case Do():
                return _do(statement, self._expressions.build(statement.expr))
            case Cycle():
                return self._cycle(statement)
        return _leave_turn if statement.turn_only else _leave_loop

    def _print(self, tag: Print) -> Write:
        value = self._expressions.build(tag.expr)
        if not self._escape:
            return _print_plain(tag.line, value)
        return _print_address(tag.line, value) if tag.opens_address else _print_escaped(tag.line, value)

    def _cycle(self, tag: Cycle) -> Write:
        exprs = tuple(map(self._expressions.build, tag.exprs))

        def turn(scope: Scope) -> Value:
            loop = scope.get("loop")
            return exprs[loop.index0 % len(exprs) if isinstance(loop, Loop) else 0](scope)

        return _print_escaped(tag.line, turn) if self._escape else _print_plain(tag.line, turn)

    def _if(self, tag: If) -> Write:
        branches = tuple((self._expressions.build(condition), self.body(body)) for condition, body in tag.branches)
        otherwise = self.body(tag.otherwise)

        def run(scope: Scope, out: list[str]) -> None:
            for condition, body in branches:
                if is_true(attempt(scope, condition, tag.line)):
                    body(scope, out)
                    return
            otherwise(scope, out)

        return run

    def _markup(self, run: Run, parts: list[str]) -> str:
        """The text of a body that was written aside. It was escaped as it was written."""
        chars = sum(map(len, parts))
        run.string(chars)
        run.room += chars
        return Safe("".join(parts)) if self._escape else "".join(parts)

    def _set_block(self, tag: SetBlock) -> Write:
        body = self.body(tag.body)
        filters = self._expressions.build(tag.filters)

        def run(scope: Scope, out: list[str]) -> None:
            aside: list[str] = []
            body(scope, aside)
            inner = scope.child()
            inner[""] = self._markup(scope.run, aside)
            scope[tag.name] = attempt(inner, filters, tag.line)

        return run

    def _macro(self, tag: MacroOf) -> Write:
        body = self.body(tag.body)
        defaults = tuple(self._expressions.build(default) if default else None for default in tag.defaults)
        parameters = tuple(zip(tag.parameters, defaults, strict=True))

        def fill(scope: Scope, given: Given) -> Scope:
            inner = scope.child()
            scope.run.spend(len(parameters))
            for place, (name, default) in enumerate(parameters):
                fallback = default(scope) if default else None
                inner[name] = given.value(place, name, fallback)
            inner["varargs"] = list(given.values[len(parameters) :])
            inner["kwargs"] = {name: item for name, item in given.named.items() if name not in tag.parameters}
            return inner

        return self._defined(tag.name, fill, body)

    def _defined(self, name: str, fill: Callable[[Scope, Given], Scope], body: Write) -> Write:
        def define(scope: Scope, out: list[str]) -> None:
            scope[name] = macro

        def call(scope: Scope, given: Given) -> Value:
            aside: list[str] = []
            run = scope.run
            enter(run, macro)
            before = run.macros
            run.macros = (*before, macro)
            try:
                body(fill(scope, given), aside)
            finally:
                run.macros = before
            return self._markup(run, aside)

        macro = Macro(name, call)
        return define

    def _call_block(self, tag: CallBlock) -> Write:
        define = self._defined("caller", lambda scope, given: scope.child(), self.body(tag.body))
        call = self._print(Print(expr=tag.call, line=tag.line, opens_address=False))

        def run(scope: Scope, out: list[str]) -> None:
            inner = scope.child()
            define(inner, out)
            call(inner, out)

        return run


def _body(parts: tuple[str | Write, ...], cost: int, chars: int) -> Write:
    def write(scope: Scope, out: list[str]) -> None:
        run = scope.run
        run.spend(cost)
        run.printed(chars)
        for part in parts:
            if type(part) is str:
                out.append(part)
            else:
                part(scope, out)  # type: ignore[operator]

    return write


def enter(run: Run, macro: Macro) -> None:
    if macro in run.macros:
        raise Fault("a macro calls itself, which HubL does not do; use a loop")
    if len(run.macros) >= run.limits.macro_depth:
        raise Stopped(Limit.DEPTH)


def note(run: Run, line: int, fault: Exception) -> None:
    """What the language itself says of a fault may quote the value, so only our own words are kept."""
    text = str(fault) if isinstance(fault, Fault) else "a value here cannot be used in this way"
    run.note(line, Reason.VALUE, f"This place prints nothing: {text}.")


def attempt(scope: Scope, evaluate: Evaluate, line: int) -> Value:
    """The value, or null with the fault noted."""
    try:
        return evaluate(scope)
    except FAULTS as fault:
        note(scope.run, line, fault)
        return None


def _print_plain(line: int, evaluate: Evaluate) -> Write:
    def write(scope: Scope, out: list[str]) -> None:
        run = scope.run
        try:
            value = evaluate(scope)
            text = value if type(value) is str else run.text(value)
        except FAULTS as fault:
            note(run, line, fault)
            return
        run.room -= len(text)
        if run.room < 0:
            raise Stopped(Limit.OUTPUT)
        out.append(text)

    return write


def _print_escaped(line: int, evaluate: Evaluate) -> Write:
    def write(scope: Scope, out: list[str]) -> None:
        run = scope.run
        try:
            value = evaluate(scope)
        except FAULTS as fault:
            note(run, line, fault)
            return
        kind = type(value)
        if kind is str:
            text = escaped(value)  # type: ignore[arg-type]
        elif kind is int:
            text = str(value)
        elif kind in NEEDS_NO_ESCAPE:
            text = run.text(value)
        else:
            text = escaped(run.text(value))
        run.room -= len(text)
        if run.room < 0:
            raise Stopped(Limit.OUTPUT)
        out.append(text)

    return write


def _print_address(line: int, evaluate: Evaluate) -> Write:
    """At the start of an href or src a value may bring its own scheme, such as javascript: (attacks.md B2)."""

    def guarded(scope: Scope) -> Value:
        value = evaluate(scope)
        if isinstance(value, Safe) or is_plain_address(scope.run.text(value)):
            return value
        message = "This address prints nothing: its scheme is not one of http, https, mailto, tel, sms, cid."
        scope.run.note(line, Reason.UNSAFE, message)
        return None

    return _print_escaped(line, guarded)


def _set(tag: SetNames, exprs: tuple[Evaluate, ...]) -> Write:
    def run(scope: Scope, out: list[str]) -> None:
        values = [attempt(scope, expr, tag.line) for expr in exprs]
        for name, value in zip(tag.names, values, strict=True):
            space, dot, key = name.partition(".")
            if not dot:
                scope[name] = value
            elif isinstance(whole := scope.get(space), Namespace):
                whole[key] = value
            else:
                scope.run.note(tag.line, Reason.VALUE, "Only a name of a namespace() can be set with a point.")

    return run


def _do(tag: Do, evaluate: Evaluate) -> Write:
    def run(scope: Scope, out: list[str]) -> None:
        attempt(scope, evaluate, tag.line)

    return run


def _leave_turn(scope: Scope, out: list[str]) -> None:
    raise TurnLeft


def _leave_loop(scope: Scope, out: list[str]) -> None:
    raise LoopLeft


_ROW_TOO_SHORT = "A row of this loop has fewer items than the loop has names; give every row all its items."


def _rows(run: Run, value: Value) -> list[Value]:
    """A map gives its values (`.items()` its pairs); a scalar turns once; null not at all."""
    if isinstance(value, list):
        return value
    if value is None:
        return []
    if not isinstance(value, dict):
        return [value]
    run.items(len(value))
    return list(value.values())


def _unpack(scope: Scope, names: tuple[str, ...], row: Value, line: int) -> None:
    """Names take the items of a list by place, of a map by name. A list with fewer items is fatal, as in HubL."""
    scope.run.spend(len(names))
    if isinstance(row, list) and len(row) < len(names):
        scope.run.fail(line, _ROW_TOO_SHORT)
    for place, name in enumerate(names):
        if isinstance(row, dict):
            scope[name] = row.get(name)
        else:
            scope[name] = row[place] if isinstance(row, list) and place < len(row) else None


def _for(tag: For, iterable: Evaluate, body: Write) -> Write:
    names = tag.names
    single = names[0] if len(names) == 1 else None

    def run(scope: Scope, out: list[str]) -> None:
        rows = _rows(scope.run, attempt(scope, iterable, tag.line))
        inner = scope.child()
        loop = inner["loop"] = Loop(len(rows))
        for loop.index0, row in enumerate(rows):
            scope.run.turn()
            if single is None:
                _unpack(inner, names, row, tag.line)
            else:
                inner[single] = row
            try:
                body(inner, out)
            except TurnLeft:
                continue
            except LoopLeft:
                break

    return run
