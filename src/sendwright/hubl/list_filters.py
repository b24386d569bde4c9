"""Filters over lists and maps."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from .filter import Filter, items_of
from .operators import equal, number, wrapped
from .questions import TESTS, Test
from .run import Fault, Given, Run
from .text_filters import TEXT_FILTERS
from .values import Value

PARTS_MAX = 10_000
KEYS_MAX = 20
Key: TypeAlias = str | float


def length(run: Run, value: Value, given: Given) -> Value:
    return len(value) if isinstance(value, str | list | dict) else 0


def first(run: Run, value: Value, given: Given) -> Value:
    items = items_of(value)
    return items[0] if items else None


def last(run: Run, value: Value, given: Given) -> Value:
    items = items_of(value)
    return items[-1] if items else None


def path(value: Value, dotted: str) -> Value:
    """`a.b.c` of a value: keys of maps only."""
    for key in dotted.split(".", KEYS_MAX):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def join(run: Run, value: Value, given: Given) -> Value:
    separator, attribute = given.text(0, "d"), given.text(1, "attribute")
    items = items_of(value)
    texts = [run.text(path(item, attribute) if attribute else item) for item in items]
    run.string(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def map_each(run: Run, value: Value, given: Given) -> Value:
    """The name of a text filter, else of a key; `attribute=` is always a key."""
    name = given.text(0) or given.text(1, "attribute")
    rule = TEXT_FILTERS.get(name) if given.text(0) else None
    if rule is None:
        return [path(item, name) for item in items_of(value)]
    inner = Given(given.values[1:], given.named)
    return [_applied(run, rule, item, inner) for item in items_of(value)]


def _applied(run: Run, rule: Filter, item: Value, given: Given) -> Value:
    run.touch(item)
    result = rule(run, item, given)
    run.touch(result)
    return result


def choosing(*, wanted: bool, by_key: bool) -> Filter:
    """select, reject, selectattr, rejectattr"""

    def choose(run: Run, value: Value, given: Given) -> Value:
        key = given.text(0, "attr") if by_key else ""
        test, inner = _test(given, 1 if by_key else 0)
        chosen: list[Value] = []
        for item in items_of(value):
            asked = path(item, key) if by_key else item
            run.touch(asked)
            if test(run, asked, inner) is wanted:
                chosen.append(item)
        return chosen

    return choose


def _test(given: Given, place: int) -> tuple[Test, Given]:
    name = given.text(place, "exp_test", "truthy")
    test = TESTS.get(name)
    if test is None:
        raise Fault("the test named in this filter does not exist; check its spelling")
    return test, Given(given.values[place + 1 :], given.named)


def total(run: Run, value: Value, given: Given) -> Value:
    """Non-numbers do not count."""
    attribute = given.text(1, "attribute")
    result: int | float = number(given.value(0, "start", 0))
    for item in items_of(value):
        part = path(item, attribute) if attribute else item
        if isinstance(part, int | float | Decimal) and not isinstance(part, bool):
            result += number(part)
    return wrapped(result)


def sort(run: Run, value: Value, given: Given) -> Value:
    """By text or by number; a mixture is a fault. A comparison may read all of two texts: paid before."""
    items = items_of(value)
    attribute, by_case = given.text(2, "attribute"), given.flag(1, "case_sensitive")
    keys = [_sort_key(run, path(item, attribute) if attribute else item, by_case) for item in items]
    run.spend(len(items) * len(items).bit_length())
    numbered: list[tuple[Key, int]] = [(key, place) for place, key in enumerate(keys)]
    numbered.sort(key=_first_of_pair, reverse=given.flag(0, "reverse"))
    return [items[place] for _, place in numbered]


def _first_of_pair(pair: tuple[Key, int]) -> "Key":
    return pair[0]


def _sort_key(run: Run, value: Value, by_case: bool) -> Key:
    if isinstance(value, str):
        run.spend(len(value))
        return value if by_case else value.lower()
    return number(value)


def batch(run: Run, value: Value, given: Given) -> Value:
    items, size = items_of(value), max(1, given.whole(0, "size", 1))
    filler = given.value(1, "fill_with")
    run.items(min(size, PARTS_MAX + 1) + len(items))
    rows: list[Value] = []
    for start in range(0, len(items), size):
        row = items[start : start + size]
        rows.append(row + [filler] * (size - len(row)))
    return rows


def slice_up(run: Run, value: Value, given: Given) -> Value:
    """Items per slice, not number of slices."""
    items, size = items_of(value), max(1, given.whole(0, "size", 1))
    rows: list[Value] = [items[start : start + size] for start in range(0, len(items), size)]
    return rows


def unique(run: Run, value: Value, given: Given) -> Value:
    attribute = given.text(0, "attr")
    seen: set[str] = set()
    kept: list[Value] = []
    for item in items_of(value):
        key = path(item, attribute) if attribute else item
        mark = f"{type(key).__name__}:{run.text(key)}"
        run.string(len(mark))
        if mark not in seen:
            seen.add(mark)
            kept.append(item)
    return kept


def reverse(run: Run, value: Value, given: Given) -> Value:
    return value[::-1] if isinstance(value, str | list) else value


def as_list(run: Run, value: Value, given: Given) -> Value:
    return list(value) if isinstance(value, str) and _counted(run, value) else items_of(value)


def _counted(run: Run, value: str) -> bool:
    run.items(len(value))
    return True


def sort_map(run: Run, value: Value, given: Given) -> Value:
    """Pairs of a map, by key or by value."""
    if not isinstance(value, dict):
        return value
    place = 1 if given.text(1, "by", "key") == "value" else 0
    by_case = given.flag(0, "case_sensitive")
    pairs: list[tuple[str, Value]] = list(value.items())
    keys = [_sort_key(run, pair[place], by_case) for pair in pairs]
    run.items(3 * len(pairs))
    order = sorted(range(len(pairs)), key=keys.__getitem__)
    return [list(pairs[at]) for at in order]


def attribute_of(run: Run, value: Value, given: Given) -> Value:
    return path(value, given.text(0, "name"))


def together(keep: Callable[[bool, bool], bool]) -> Filter:
    """Sets made of two lists, in the order of the first."""

    def combine(run: Run, value: Value, given: Given) -> Value:
        mine, theirs = items_of(value), items_of(given.value(0, "list"))
        run.items(len(mine) + len(theirs))
        merged = [item for item in mine if keep(True, _among(run, item, theirs))]
        merged += [item for item in theirs if keep(_among(run, item, mine), True) and not _among(run, item, merged)]
        return unique(run, merged, Given((), {}))

    return combine


def _among(run: Run, item: Value, items: list[Value]) -> bool:
    run.spend(len(items))
    return any(equal(run, item, other) for other in items)


LIST_FILTERS: dict[str, Filter] = {
    "length": length,
    "count": length,
    "first": first,
    "last": last,
    "join": join,
    "map": map_each,
    "select": choosing(wanted=True, by_key=False),
    "reject": choosing(wanted=False, by_key=False),
    "selectattr": choosing(wanted=True, by_key=True),
    "rejectattr": choosing(wanted=False, by_key=True),
    "sum": total,
    "sort": sort,
    "batch": batch,
    "slice": slice_up,
    "unique": unique,
    "reverse": reverse,
    "list": as_list,
    "dictsort": sort_map,
    "attr": attribute_of,
    "union": together(lambda mine, theirs: mine or theirs),
    "intersect": together(lambda mine, theirs: mine and theirs),
    "difference": together(lambda mine, theirs: mine and not theirs),
    "symmetric_difference": together(lambda mine, theirs: mine is not theirs),
}
