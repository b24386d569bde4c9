"""How the cost of a call grows with its input: a quadratic step shows on any machine."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_UNSEEN = 0.02  # seconds of CPU; below this the clock says nothing


def cost(act: Callable[[T], object], given: T) -> float:
    """The lesser CPU seconds of two runs."""
    return min(_once(act, given), _once(act, given))


def _once(act: Callable[[T], object], given: T) -> float:
    start = time.process_time()
    act(given)
    return time.process_time() - start


def is_linear(act: Callable[[T], object], make: Callable[[int], T], size: int) -> bool:
    """Whether eight times the input costs clearly less than 8 x 8 times the work."""
    return cost(act, make(size * 8)) < 24 * cost(act, make(size)) + _UNSEEN
