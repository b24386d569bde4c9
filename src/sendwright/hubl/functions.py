"""The functions a template can call, and the few methods that values have. Fixed tables: nothing else is callable."""

from collections.abc import Callable
from typing import TypeAlias

from .date_filters import DATE_FILTERS
from .filter import Filter
from .list_filters import path
from .run import Given, Run, Scope
from .text_filters import TEXT_FILTERS
from .values import Loop, Namespace, Safe, Value

Function: TypeAlias = Callable[[Scope, Given], Value]
RANGE_STEPS = 10**9


def number_range(scope: Scope, given: Given) -> Value:
    """At most 1,000 numbers; the rest is left out without a word, as in the reference."""
    ends = (0, given.whole(0, "", 0)) if len(given.values) < 2 else (given.whole(0, "", 0), given.whole(1, "", 0))
    step = given.whole(2, "", 1)
    if step == 0:
        return []
    numbers: list[Value] = list(range(*ends, step)[: scope.run.limits.range_items])
    return numbers


def kind(scope: Scope, given: Given) -> Value:
    value = given.value(0)
    if value is None:
        return "null"
    names = {bool: "bool", int: "int", float: "float", list: "list", dict: "dict", Namespace: "dict"}
    return names.get(type(value), "str")


def token(scope: Scope, given: Given) -> Value:
    """personalization_token("contact.firstname", "there"): the value of a path, else the default (hubl.md 3.4)."""
    value = path(dict(scope), given.text(0, "expression"))
    return given.value(1, "default_value", "") if value is None or value == "" else value


def namespace(scope: Scope, given: Given) -> Value:
    first = given.value(0)
    return Namespace({**(first if isinstance(first, dict) else {}), **given.named})


def of_filter(filter: Filter) -> Function:
    """The filter `x|f(y)` as a function `f(x, y)`."""

    def call(scope: Scope, given: Given) -> Value:
        return filter(scope.run, given.value(0), Given(given.values[1:], given.named))

    return call


FUNCTIONS: dict[str, Function] = {
    "range": number_range,
    "type": kind,
    "namespace": namespace,
    "personalization_token": token,
    "data_token": token,
    "truncate": of_filter(TEXT_FILTERS["truncate"]),
    **{name: of_filter(rule) for name, rule in DATE_FILTERS.items() if name != "date"},
}


def _of_map(take: Callable[[dict[str, Value], Given], Value]) -> Filter:
    return lambda run, value, given: take(value, given) if isinstance(value, dict) else None


def _get(value: dict[str, Value], given: Given) -> Value:
    return value.get(given.text(0), given.value(1))


def _of_text(take: Callable[[str, Given], Value]) -> Filter:
    return lambda run, value, given: take(value, given) if isinstance(value, str) else None


def _cycle(run: Run, value: Value, given: Given) -> Value:
    at = value.index0 if isinstance(value, Loop) else 0
    return given.values[at % len(given.values)] if given.values else None


def _length(run: Run, value: Value, given: Given) -> Value:
    return len(value) if isinstance(value, str | list | dict) else None


_TEXT_METHODS: dict[str, Filter] = {
    "toUpperCase": TEXT_FILTERS["upper"],
    "toLowerCase": TEXT_FILTERS["lower"],
    "trim": TEXT_FILTERS["trim"],
    "replace": TEXT_FILTERS["replace"],
    "split": TEXT_FILTERS["split"],
    "length": _length,
    "isEmpty": lambda run, value, given: not value,
    "contains": _of_text(lambda text, given: given.text(0) in text),
    "startsWith": _of_text(lambda text, given: text.startswith(given.text(0))),
    "endsWith": _of_text(lambda text, given: text.endswith(given.text(0))),
}
_MAP_METHODS: dict[str, Filter] = {
    "items": _of_map(lambda whole, given: [[key, item] for key, item in whole.items()]),
    "keys": _of_map(lambda whole, given: list(whole)),
    "values": _of_map(lambda whole, given: list(whole.values())),
    "get": _of_map(_get),
    "containsKey": _of_map(lambda whole, given: given.text(0) in whole),
    "size": _length,
    "isEmpty": lambda run, value, given: not value,
}
METHODS: dict[tuple[type, str], Filter] = {
    **{(str, name): method for name, method in _TEXT_METHODS.items()},
    **{(Safe, name): method for name, method in _TEXT_METHODS.items()},
    **{(dict, name): method for name, method in _MAP_METHODS.items()},
    **{(Namespace, name): method for name, method in _MAP_METHODS.items()},
    (list, "size"): _length,
    (list, "isEmpty"): lambda run, value, given: not value,
    (Loop, "cycle"): _cycle,
}
