"""Turns the tree of an expression into closures over a Scope. No Python attribute is ever looked up by name."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from .filters import FILTERS, Filter
from .functions import FUNCTIONS, METHODS, Function
from .model import Reason, Severity, TemplateError
from .nodes import (
    Arguments,
    Asked,
    Binary,
    Called,
    Choice,
    Expr,
    Filtered,
    Item,
    ListOf,
    Literal,
    MapOf,
    Member,
    Name,
    Slice,
    Unary,
)
from .operators import BINARY, number, wrapped
from .questions import TESTS
from .run import NOTHING_GIVEN, Fault, Given, Scope
from .values import Loop, Macro, Namespace, Value, is_true, text_of

SMALL = frozenset({int, float, bool, Decimal, type(None)})
Evaluate: TypeAlias = Callable[[Scope], Value]
Take: TypeAlias = Callable[[Scope], Given]


class Expressions:
    """Builds the expressions of one template; collects the names that are in no table and counts nodes."""

    def __init__(self, macros: frozenset[str]) -> None:
        self.errors: list[TemplateError] = []
        self.nodes = 0
        self._macros = macros

    def build(self, expr: Expr) -> Evaluate:
        self.nodes += 1
        match expr:
            case Literal(value=value):
                return lambda scope: value
            case Name(name=name):
                return lambda scope: scope.get(name)
            case Member(target=Name(name=root), name=name):
                return _member_of_name(root, name)
            case Member():
                return _member(self.build(expr.target), expr.name)
            case Item():
                return _item(self.build(expr.target), self.build(expr.key))
            case Slice():
                return _slice(self.build(expr.target), self._bound(expr.start), self._bound(expr.stop))
            case ListOf():
                return _list(tuple(map(self.build, expr.items)))
            case MapOf():
                return _map(tuple((self.build(key), self.build(item)) for key, item in expr.pairs))
        return self._build_operation(expr)

    def _build_operation(self, expr: Unary | Binary | Choice | Filtered | Asked | Called) -> Evaluate:
        match expr:
            case Unary():
                return _unary(expr.sign, self.build(expr.operand))
            case Binary():
                return _binary(expr.sign, self.build(expr.left), self.build(expr.right))
            case Choice():
                return _choice(self.build(expr.condition), self.build(expr.then), self.build(expr.otherwise))
            case Filtered():
                return self._filtered(expr)
            case Asked():
                return self._asked(expr)
        return self._called(expr)

    def _bound(self, expr: Expr | None) -> Evaluate | None:
        return None if expr is None else self.build(expr)

    def _unknown(self, line: int, what: str, name: str) -> Evaluate:
        """The place prints nothing; the author hears of it at compile, and whoever previews it at render."""
        message = f"There is no {what} '{name[:64]}'; this place prints nothing. Check its spelling."
        self.errors.append(TemplateError(severity=Severity.WARNING, reason=Reason.UNKNOWN, line=line, message=message))
        return lambda scope: scope.run.note(line, Reason.UNKNOWN, message)

    def take(self, arguments: Arguments) -> Take:
        """Arguments are made anew for each call, unless all of them are constants."""
        given = tuple(map(self.build, arguments.given))
        named = tuple((name, self.build(expr)) for name, expr in arguments.named)
        exprs = arguments.given + tuple(expr for _, expr in arguments.named)
        if all(isinstance(expr, Literal) for expr in exprs):
            constant = _constant(arguments)
            return lambda scope: constant
        return lambda scope: Given([value(scope) for value in given], {name: value(scope) for name, value in named})

    def _filtered(self, expr: Filtered) -> Evaluate:
        operand = self.build(expr.operand)
        take = self.take(expr.arguments)
        rule = FILTERS.get(expr.name)
        return _filter(operand, rule, take) if rule else self._unknown(expr.line, "filter", expr.name)

    def _asked(self, expr: Asked) -> Evaluate:
        operand = self.build(expr.operand)
        take = self.take(expr.arguments)
        test = TESTS.get(expr.name)
        if test is None:
            return self._unknown(expr.line, "test", expr.name)
        negated = expr.negated

        def ask(scope: Scope) -> Value:
            value = operand(scope)
            scope.run.touch(value)
            return test(scope.run, value, take(scope)) is not negated

        return ask

    def _called(self, expr: Called) -> Evaluate:
        take = self.take(expr.arguments)
        match expr.target:
            case Name(name=name):
                return self._named_call(name, take, expr.line)
            case Member(name=name):
                target = self.build(expr.target.target)
                return _method(target, name, take)
        return self._unknown(expr.line, "function", "(")

    def _named_call(self, name: str, take: Take, line: int) -> Evaluate:
        function = FUNCTIONS.get(name)
        if function is None and name not in self._macros:
            return self._unknown(line, "function or macro", name)

        def call(scope: Scope) -> Value:
            macro = scope.get(name)
            if isinstance(macro, Macro):
                return macro.call(scope, take(scope))
            if function is None:
                raise Fault("this macro is called before it is defined; move its definition up")
            return _function(function, scope, take)

        return call


def _function(function: Function, scope: Scope, take: Take) -> Value:
    result = function(scope, take(scope))
    scope.run.touch(result)
    return result


def _constant(arguments: Arguments) -> Given:
    if not arguments.given and not arguments.named:
        return NOTHING_GIVEN
    values = [expr.value for expr in arguments.given if isinstance(expr, Literal)]
    named = {name: expr.value for name, expr in arguments.named if isinstance(expr, Literal)}
    return Given(tuple(values), dict(named))


def _filter(operand: Evaluate, rule: Filter, take: Take) -> Evaluate:
    def apply(scope: Scope) -> Value:
        run = scope.run
        value = operand(scope)
        if type(value) not in SMALL:
            run.touch(value)
        result = rule(run, value, take(scope))
        if type(result) not in SMALL:
            run.touch(result)
        return result

    return apply


def _member(target: Evaluate, name: str) -> Evaluate:
    def look(scope: Scope) -> Value:
        whole = target(scope)
        if type(whole) is dict:
            return whole.get(name)
        return _rare_member(whole, name)

    return look


def _member_of_name(root: str, name: str) -> Evaluate:
    """`item.price`: most of what mails print."""

    def look(scope: Scope) -> Value:
        whole = scope.get(root)
        if type(whole) is dict:
            return whole.get(name)
        return _rare_member(whole, name)

    return look


def _rare_member(whole: Value, name: str) -> Value:
    if isinstance(whole, Namespace):
        return whole.get(name)
    return whole.member(name) if isinstance(whole, Loop) else None


def _item(target: Evaluate, key: Evaluate) -> Evaluate:
    def look(scope: Scope) -> Value:
        whole, place = target(scope), key(scope)
        if isinstance(whole, dict) and isinstance(place, str | int | float):
            return whole.get(text_of(place))
        if not isinstance(whole, list) or place is None:
            return None
        index = int(number(place))
        return whole[index] if -len(whole) <= index < len(whole) else None

    return look


def _slice(target: Evaluate, start: Evaluate | None, stop: Evaluate | None) -> Evaluate:
    def cut(scope: Scope) -> Value:
        whole = target(scope)
        first = None if start is None else int(number(start(scope)))
        last = None if stop is None else int(number(stop(scope)))
        scope.run.touch(whole)
        return whole[first:last] if isinstance(whole, list | str) else None

    return cut


def _list(items: tuple[Evaluate, ...]) -> Evaluate:
    def make(scope: Scope) -> Value:
        scope.run.items(len(items))
        return [item(scope) for item in items]

    return make


def _map(pairs: tuple[tuple[Evaluate, Evaluate], ...]) -> Evaluate:
    def make(scope: Scope) -> Value:
        scope.run.items(len(pairs))
        return {scope.run.text(key(scope)): item(scope) for key, item in pairs}

    return make


def _unary(sign: str, operand: Evaluate) -> Evaluate:
    if sign == "not":
        return lambda scope: not is_true(operand(scope))
    if sign == "-":
        return lambda scope: wrapped(-number(operand(scope)))
    return lambda scope: wrapped(abs(number(operand(scope))))


def _binary(sign: str, left: Evaluate, right: Evaluate) -> Evaluate:
    if sign == "and":
        return lambda scope: is_true(left(scope)) and is_true(right(scope))
    if sign == "or":
        return _either(left, right)
    operate = BINARY[sign]
    return lambda scope: operate(scope.run, left(scope), right(scope))


def _either(left: Evaluate, right: Evaluate) -> Evaluate:
    def choose(scope: Scope) -> Value:
        first = left(scope)
        return first if is_true(first) else right(scope)

    return choose


def _choice(condition: Evaluate, then: Evaluate, otherwise: Evaluate) -> Evaluate:
    return lambda scope: then(scope) if is_true(condition(scope)) else otherwise(scope)


def _method(target: Evaluate, name: str, take: Take) -> Evaluate:
    def call(scope: Scope) -> Value:
        value = target(scope)
        method = METHODS.get((type(value), name))
        if method is None:
            raise Fault("this kind of value cannot be called so; use a filter instead")
        scope.run.touch(value)
        result = method(scope.run, value, take(scope))
        scope.run.touch(result)
        return result

    return call
