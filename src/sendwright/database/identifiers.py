"""Identifiers: time-ordered UUIDs for what is many, small numbers for what people see."""

from __future__ import annotations

import secrets
import struct
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Column, Connection, String, Table
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sendwright.database.columns import account_column, metadata

numbers = Table(
    "numbers",
    metadata,
    account_column(),
    Column("kind", String, primary_key=True),
    Column("next", BigInteger, nullable=False),
)

_FIRST = 101
_COUNTER = 0xFFF
_BEGINNING = 0x3FF
_VARIANT = 0x8000
_CHANCES = 256
"""Random numbers are fetched for so many ids at once: for each alone it is a system call."""


class _Sequence:
    """Counts within a millisecond, so that what one process makes sorts in the order of its making."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millisecond = -1
        self._shown = ""
        self._counter = 0
        self._chance: Iterator[tuple[int, int, int]] = iter(())

    def next(self, millisecond: int) -> str:
        """The count begins low and by chance, so that processes do not meet."""
        with self._lock:
            chance = next(self._chance, None)
            if chance is None:
                self._chance = struct.iter_unpack(">QHH", secrets.token_bytes(12 * _CHANCES))
                chance = next(self._chance)
            low, high, beginning = chance
            if millisecond != self._millisecond:
                text = f"{millisecond:012x}"
                self._millisecond, self._shown = millisecond, f"{text[:8]}-{text[8:]}-7"
                self._counter = beginning & _BEGINNING
            else:
                self._counter = (self._counter + 1) & _COUNTER
            return f"{self._shown}{self._counter:03x}-{high & 0x3FFF | _VARIANT:04x}-{low & 0xFFFF_FFFF_FFFF:012x}"


_sequence = _Sequence()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def uuid7(now: datetime) -> str:
    """A canonical UUID of version 7 (RFC 9562 5.7 and 6.2 method 1): sorts by time, 62 random bits."""
    return _sequence.next((now - _EPOCH) // _MILLISECOND & 0xFFFF_FFFF_FFFF)


def next_numbers(conn: Connection, account_id: int, kind: str, count: int) -> range:
    """Takes ``count`` fresh numbers of a kind ("record", "email", …) of an account, from 101 on; never one twice."""
    insert = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    taken = conn.execute(
        insert(numbers)
        .values(account_id=account_id, kind=kind, next=_FIRST + count)
        .on_conflict_do_update(
            index_elements=[numbers.c.account_id, numbers.c.kind], set_={"next": numbers.c.next + count}
        )
        .returning(numbers.c.next)
    ).scalar_one()
    return range(taken - count, taken)


def next_number(conn: Connection, account_id: int, kind: str) -> int:
    """One of :func:`next_numbers`."""
    return next_numbers(conn, account_id, kind, 1)[0]
