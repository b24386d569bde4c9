"""The query of a request, read as the three HubSpot clients write it.

Lists come repeated or comma-joined, mixed; booleans in any case; spaces as ``+``; times in ISO 8601 or in milliseconds.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from sendwright.doors.http.errors import Fault, invalid, invalid_field
from sendwright.doors.http.json_body import is_storable

_MOST_BYTES = 64 * 1024
_MOST_FIELDS = 2000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS = re.compile(r"-?\d{1,15}", re.ASCII)
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)


class Query:
    """The parameters of one request. Every method raises 400 naming the parameter when it does not fit."""

    __slots__ = ("_found",)

    def __init__(self, raw: bytes) -> None:
        self._found: dict[str, list[str]] = {}
        if raw:
            self._read(raw)

    def _read(self, raw: bytes) -> None:
        if len(raw) > _MOST_BYTES:
            raise Fault(414, "VALIDATION_ERROR", f"The query is longer than {_MOST_BYTES:,} bytes.")
        try:
            pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError as fault:
            raise invalid(f"Invalid input: more than {_MOST_FIELDS} query parameters.") from fault
        for name, value in pairs:
            if not is_storable(name + value):
                raise invalid_field(name.replace("\0", "")[:100], "contains NUL; remove it")
            self._found.setdefault(name, []).append(value)

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def text(self, name: str) -> str | None:
        """The last value of a parameter; None when absent or empty."""
        values = self._found.get(name)
        return (values[-1] or None) if values else None

    def texts(self, name: str) -> tuple[str, ...]:
        """All values, whether repeated or comma-joined, without blanks, each once, in order."""
        parts = (part.strip() for value in self._found.get(name, ()) for part in value.split(","))
        return tuple(dict.fromkeys(part for part in parts if part))

    def flag(self, name: str) -> bool | None:
        """``true`` or ``false`` in any case; None when absent."""
        value = self.text(name)
        if value is None:
            return None
        if value.lower() not in ("true", "false"):
            raise invalid_field(name, "must be true or false")
        return value.lower() == "true"

    def number(self, name: str, *, least: int, most: int) -> int | None:
        """A whole number within bounds; None when absent."""
        value = self.text(name)
        if value is None:
            return None
        if not _NUMBER.fullmatch(value) or not least <= int(value) <= most:
            raise invalid_field(name, f"must be a whole number from {least} to {most}")
        return int(value)

    def limit(self, *, default: int, most: int) -> int:
        """The page size: at least 1."""
        return self.number("limit", least=1, most=most) or default

    def after(self, kinds: str = "n") -> tuple[int | str, ...] | None:
        """Where the page starts: the parts that :func:`cursor` was given; None on the first page.

        ``kinds`` has a letter for each part: ``n`` a whole number, ``t`` a text.
        """
        value = self.text("after")
        return None if value is None else read_cursor(value, kinds)

    def moment(self, name: str) -> datetime | None:
        """A time, aware, UTC; ISO 8601 (no zone means UTC) or milliseconds since 1970. None when absent."""
        value = self.text(name)
        return None if value is None else read_moment(value, name)

    def pairs(self) -> list[tuple[str, str]]:
        """All parameters, for a link to the next page."""
        return [(name, value) for name, values in self._found.items() for value in values]


def read_moment(value: str, where: str) -> datetime:
    """The time that an ISO 8601 text or a number of milliseconds means. Raises 400 naming ``where``."""
    try:
        if _MILLISECONDS.fullmatch(value):
            return _EPOCH + timedelta(milliseconds=int(value))
        # an offset's plus sign arrives as a space when a client forgot to escape it
        moment = datetime.fromisoformat(value.replace(" ", "+") if "T" in value else value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        message = "must be a time such as 2026-01-31T12:00:00.000Z, or milliseconds since 1970"
        raise invalid_field(where, message) from fault


def cursor(*parts: int | str) -> str:
    """An opaque place in a list. Not secret and not signed: whoever forges one reads only another page of their own."""
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).rstrip(b"=").decode()


def read_cursor(value: str, kinds: str, where: str = "after") -> tuple[int | str, ...]:
    """The parts of a :func:`cursor`. Raises 400 for anything that it did not make."""
    wanted = [int if kind == "n" else str for kind in kinds]
    try:
        parts = json.loads(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
    except (ValueError, binascii.Error, RecursionError) as fault:
        raise _bad_cursor(where) from fault
    if not isinstance(parts, list) or [type(part) for part in parts] != wanted:
        raise _bad_cursor(where)
    if any(not is_storable(part) if isinstance(part, str) else abs(part) >= 1 << 63 for part in parts):
        raise _bad_cursor(where)
    return tuple(parts)


def _bad_cursor(where: str) -> Fault:
    return invalid_field(where, "is not a place in this list: use the value of paging.next.after")
