"""What the signs of HubL do: 64-bit integers, text that counts as a number, null that counts as nothing."""

import math
import re
from collections.abc import Callable
from decimal import Decimal
from operator import ge, gt, le, lt

from .run import Fault, Run
from .values import INT_MAX, INT_MIN, Safe, Value, is_true, text_of

NUMERIC_MAX = 64
MEASURES = frozenset({int, float})  # the types that need no care once one of a pair is a float
_NUMERIC = re.compile(r"\s*[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*\Z")


def numeric(text: str) -> int | float | None:
    """The number that a text spells, else None."""
    if len(text) > NUMERIC_MAX or not _NUMERIC.match(text):
        return None
    try:
        whole = int(text)
    except ValueError:
        return float(text)
    return whole if INT_MIN <= whole <= INT_MAX else float(whole)


def number(value: Value) -> int | float:
    """Null and "" are 0; booleans, lists and other text are faults."""
    if type(value) in MEASURES:
        return value  # type: ignore[return-value]
    if isinstance(value, Decimal):
        return float(value)
    if value is None or value == "":
        return 0
    found = numeric(value) if isinstance(value, str) else None
    if found is None:
        raise Fault("this is calculated with a value that is no number; check it with 'is number' or use |float")
    return found


def wrapped(value: int | float) -> int | float:
    """Sums beyond 64 bits wrap around as in the reference, so no number grows without end."""
    if isinstance(value, float) or INT_MIN <= value <= INT_MAX:
        return value
    return (value - INT_MIN) % 2**64 + INT_MIN


def joined(run: Run, left: Value, right: Value) -> Value:
    """`~`: markup stays markup only between markup."""
    first, second = run.text(left), run.text(right)
    run.string(len(first) + len(second))
    whole = first + second
    return Safe(whole) if isinstance(left, Safe) and isinstance(right, Safe) else whole


def add(run: Run, left: Value, right: Value) -> Value:
    if isinstance(left, list):
        more = right if isinstance(right, list) else [right]
        run.items(len(left) + len(more))
        return left + more
    if isinstance(left, dict) and isinstance(right, dict):
        run.items(len(left) + len(right))
        return left | right
    if isinstance(left, str) or isinstance(right, str):
        return joined(run, "null" if left is None else left, "null" if right is None else right)
    return wrapped(number(left) + number(right))


def subtract(run: Run, left: Value, right: Value) -> Value:
    return wrapped(number(left) - number(right))


def multiply(run: Run, left: Value, right: Value) -> Value:
    if type(left) in MEASURES and type(right) is float:
        return left * right  # type: ignore[operator]
    return wrapped(number(left) * number(right))


def divide(run: Run, left: Value, right: Value) -> Value:
    above, below = float(number(left)), float(number(right))
    if below:
        return above / below
    return math.nan if above == 0 or math.isnan(above) else math.copysign(math.inf, above)


def strict(value: Value) -> int | float:
    """`//` and `**` take numbers only."""
    if value is None or isinstance(value, str):
        raise Fault("// and ** take numbers only; use |int or |float first")
    return number(value)


def divide_whole(run: Run, left: Value, right: Value) -> Value:
    return wrapped(strict(left) // strict(right))


def remainder(run: Run, left: Value, right: Value) -> Value:
    """The sign is that of the dividend, as in Java."""
    above, below = number(left), number(right)
    if isinstance(above, int) and isinstance(below, int):
        rest = abs(above) % abs(below)
        return -rest if above < 0 else rest
    return math.fmod(above, below)


def power(run: Run, left: Value, right: Value) -> Value:
    """Goes through a double and stops at 64 bits: nothing to compute for hours."""
    base, exponent = strict(left), strict(right)
    try:
        result = math.pow(base, exponent)
    except OverflowError:
        result = math.inf
    if isinstance(base, float) or isinstance(exponent, float):
        return result
    return int(max(INT_MIN, min(INT_MAX, result)))


def equal(run: Run, left: Value, right: Value) -> bool:
    if left is None or right is None:
        return left is right
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return _equal_containers(run, left, right)
    if isinstance(left, bool) or isinstance(right, bool):
        return is_true(left) == is_true(right)
    if isinstance(left, str) and isinstance(right, str):
        run.spend(1 + (len(left) >> 4))
        return left == right
    return _equal_numbers(left, right)


def _equal_containers(run: Run, left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return is_true(left) == is_true(right)
    run.weigh(left)
    run.weigh(right)
    return left == right


def _equal_numbers(left: Value, right: Value) -> bool:
    first = numeric(left) if isinstance(left, str) else left
    second = numeric(right) if isinstance(right, str) else right
    if "" in (left, right):
        return not (first or second)
    return first is not None and first == second


def not_equal(run: Run, left: Value, right: Value) -> bool:
    return not equal(run, left, right)


def comparing(order: Callable[[str | float, str | float], bool]) -> Callable[[Run, Value, Value], bool]:
    def compare(run: Run, left: Value, right: Value) -> bool:
        if left is None or right is None:
            return False
        if isinstance(left, str) and isinstance(right, str):
            run.spend(1 + (len(left) >> 4))
            return order(left, right)
        return order(number(left), number(right))

    return compare


def contains(run: Run, member: Value, whole: Value) -> bool:
    """`in`. A list is looked through with the member made like its first item."""
    if isinstance(whole, str):
        run.string(len(whole))
        return run.text(member) in whole
    if isinstance(whole, dict):
        return text_of(member) in whole if isinstance(member, str | int | float) else False
    if not isinstance(whole, list):
        return False
    run.items(len(whole))
    return any(equal(run, member, item) for item in whole)


BINARY: dict[str, Callable[[Run, Value, Value], Value]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "//": divide_whole,
    "%": remainder,
    "**": power,
    "~": joined,
    "==": equal,
    "!=": not_equal,
    "<": comparing(lt),
    ">": comparing(gt),
    "<=": comparing(le),
    ">=": comparing(ge),
    "in": contains,
}
