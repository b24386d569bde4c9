"""Every filter of HubL that Sendwright has, by name. A name that is not here prints nothing."""

from .date_filters import DATE_FILTERS
from .filter import Filter
from .list_filters import LIST_FILTERS
from .number_filters import NUMBER_FILTERS
from .run import Given, Run
from .text_filters import TEXT_FILTERS
from .values import Value, is_true

__all__ = ["FILTERS", "Filter"]


def default(run: Run, value: Value, given: Given) -> Value:
    """For null; with `true` also for what is false."""
    if value is None or (given.flag(1, "truthy") and not is_true(value)):
        return given.value(0, "default_value", "")
    return value


FILTERS: dict[str, Filter] = {
    "default": default,
    "d": default,
    **TEXT_FILTERS,
    **LIST_FILTERS,
    **NUMBER_FILTERS,
    **DATE_FILTERS,
}
