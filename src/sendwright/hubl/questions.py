"""The tests after `is`: questions about a value, answered true or false."""

from collections.abc import Callable
from operator import ge, gt, le, lt
from typing import TypeAlias

from .operators import comparing, contains, equal, not_equal, number
from .run import Given, Run
from .values import Value, is_true

Test: TypeAlias = Callable[[Run, Value, Given], bool]


def _of(kind: type | tuple[type, ...]) -> Test:
    return lambda run, value, given: isinstance(value, kind) and not isinstance(value, bool)


def _with(compare: Callable[[Run, Value, Value], bool]) -> Test:
    return lambda run, value, given: compare(run, value, given.value(0))


def _defined(run: Run, value: Value, given: Given) -> bool:
    return value is not None


def _missing(run: Run, value: Value, given: Given) -> bool:
    return value is None


def _divisible(run: Run, value: Value, given: Given) -> bool:
    return number(value) % number(given.value(0)) == 0


def _within(run: Run, value: Value, given: Given) -> bool:
    return contains(run, value, given.value(0))


def _containing(run: Run, value: Value, given: Given) -> bool:
    return contains(run, given.value(0), value)


def _containing_all(run: Run, value: Value, given: Given) -> bool:
    wanted = given.value(0)
    return isinstance(wanted, list) and all(contains(run, item, value) for item in wanted)


def _starting_with(run: Run, value: Value, given: Given) -> bool:
    return isinstance(value, str) and value.startswith(given.text(0))


def _same(run: Run, value: Value, given: Given) -> bool:
    return type(value) is type(given.value(0)) and equal(run, value, given.value(0))


TESTS: dict[str, Test] = {
    "defined": _defined,
    "undefined": _missing,
    "none": _missing,
    "truthy": lambda run, value, given: is_true(value),
    "boolean": lambda run, value, given: isinstance(value, bool),
    "true": lambda run, value, given: value is True,
    "false": lambda run, value, given: value is False,
    "integer": _of(int),
    "float": _of(float),
    "number": _of((int, float)),
    "string": _of(str),
    "mapping": _of(dict),
    "iterable": _of((list, dict, str)),
    "sequence": _of((list, str)),
    "lower": lambda run, value, given: isinstance(value, str) and value == value.lower(),
    "upper": lambda run, value, given: isinstance(value, str) and value == value.upper(),
    "even": lambda run, value, given: number(value) % 2 == 0,
    "odd": lambda run, value, given: number(value) % 2 == 1,
    "divisibleby": _divisible,
    "in": _within,
    "within": _within,
    "containing": _containing,
    "containingall": _containing_all,
    "string_containing": _containing,
    "string_startingwith": _starting_with,
    "sameas": _same,
    **dict.fromkeys(("eq", "==", "equalto"), _with(equal)),
    **dict.fromkeys(("ne", "!="), _with(not_equal)),
    **dict.fromkeys(("gt", ">", "greaterthan"), _with(comparing(gt))),
    **dict.fromkeys(("lt", "<", "lessthan"), _with(comparing(lt))),
    **dict.fromkeys(("ge", ">="), _with(comparing(ge))),
    **dict.fromkeys(("le", "<="), _with(comparing(le))),
}
