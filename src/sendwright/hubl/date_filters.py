"""Dates: ISO text or milliseconds since 1970, written in English with the marks of strftime or a named style.

Other languages and CLDR patterns come with the engine's own locale data; an unknown pattern is a fault, never a guess.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .filter import Filter
from .operators import numeric
from .run import Fault, Given, Run
from .values import Value

_MARK = re.compile(r"%(-?)(.)", re.DOTALL)
_ZONE = re.compile(r"[A-Za-z0-9_+\-]{1,32}(?:/[A-Za-z0-9_+\-]{1,32}){0,2}")
_MARKS = frozenset("aAbBcdfHIjmMpSUwWxXyYzZ")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE_MS_MAX = 253_402_300_799_000
_TEXT_MAX = 64
_DATES = {"short": "%-m/%-d/%y", "medium": "%b %-d, %Y", "long": "%B %-d, %Y", "full": "%A, %B %-d, %Y"}
_TIMES = {"short": "%-I:%M %p", "medium": "%-I:%M:%S %p", "long": "%-I:%M:%S %p %Z", "full": "%-I:%M:%S %p %Z"}
_HOURS = {"e": "%d", "h": "%I", "k": "%H", "l": "%I"}  # e, k, l drop the leading zero


def moment(value: Value) -> datetime:
    """UTC where the value says no zone."""
    if isinstance(value, str) and len(value) <= _TEXT_MAX:
        found = numeric(value)
        return _aware(datetime.fromisoformat(value)) if found is None else moment(found)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Fault("this is no date; give ISO text such as 2026-11-22T10:00:00Z, or milliseconds since 1970")
    if not abs(value) <= _DATE_MS_MAX:
        raise Fault("this date is out of range; give milliseconds since 1970, not microseconds")
    return _EPOCH + timedelta(milliseconds=value)


def _aware(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _in_zone(when: datetime, zone: str) -> datetime:
    """Zone names come from templates and data, so they are read before they become the name of a file."""
    if not _ZONE.fullmatch(zone):
        raise Fault("there is no such time zone; use a name such as Europe/Berlin")
    try:
        return when.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, OSError) as fault:
        raise Fault("there is no such time zone; use a name such as Europe/Berlin") from fault


def written(when: datetime, pattern: str) -> str:
    if "%" not in pattern or len(pattern) > _TEXT_MAX:
        raise Fault("this date pattern is not known; use marks such as %B %e, %Y")
    return _MARK.sub(lambda mark: _mark(when, mark[1], mark[2]), pattern)


def _mark(when: datetime, dash: str, mark: str) -> str:
    if mark == "%":
        return "%"
    if mark not in _MARKS and mark not in _HOURS:
        raise Fault("this date pattern has a mark that is not known")
    text = f"{when:{_HOURS.get(mark, '%' + mark)}}"
    return text.lstrip("0") or "0" if dash or mark in "ekl" else text


def date_time_format(run: Run, value: Value, given: Given) -> Value:
    when = moment(value)
    zone = given.text(1, "timezone")
    return written(_in_zone(when, zone) if zone else when, given.text(0, "format", "%H:%M / %d-%m-%Y"))


def _styled(styles: dict[str, str]) -> Filter:
    def write(run: Run, value: Value, given: Given) -> Value:
        when = _in_zone(moment(value), given.text(1, "timezone", "UTC"))
        style = given.text(0, "format", "medium").lower()
        return written(when, styles.get(style, given.text(0, "format")))

    return write


def unix_timestamp(run: Run, value: Value, given: Given) -> Value:
    return (moment(value) - _EPOCH) // timedelta(milliseconds=1)


DATE_FILTERS: dict[str, Filter] = {
    "datetimeformat": date_time_format,
    "date": date_time_format,
    "format_date": _styled(_DATES),
    "format_time": _styled(_TIMES),
    "format_datetime": _styled({name: f"{_DATES[name]}, {_TIMES[name]}" for name in _DATES}),
    "unixtimestamp": unix_timestamp,
}
