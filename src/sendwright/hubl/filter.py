"""What a filter is, and the smallest tools that all filters share."""

from collections.abc import Callable
from typing import TypeAlias

from .run import Given, Run
from .values import Value

# The value has been paid for when a filter gets it, its result is paid for when it gives it back; what grows in
# between, a filter must ask for itself before it takes memory.
Filter: TypeAlias = Callable[[Run, Value, Given], Value]


def on_text(change: Callable[[str], str]) -> Filter:
    """A filter that changes text and gives back anything else as it is."""

    def apply(run: Run, value: Value, given: Given) -> Value:
        return change(value) if isinstance(value, str) else value

    return apply


def items_of(value: Value) -> list[Value]:
    """A list as it is, the values of a map, nothing for null, and one item for anything else."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return list(value.values())
    return [] if value is None else [value]
