"""Identifiers: time-ordered UUIDs for what is many, small numbers for what people see."""

from __future__ import annotations

import secrets
import threading
from datetime import datetime

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
_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62
_COUNTER_BITS = 12


class _Sequence:
    """Counts within a millisecond, so that what one process makes sorts in the order of its making."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millisecond = -1
        self._counter = 0

    def next(self, millisecond: int) -> int:
        """Begins low and by chance, so that processes do not meet; wraps round when a millisecond is too busy."""
        with self._lock:
            if millisecond != self._millisecond:
                self._millisecond, self._counter = millisecond, secrets.randbits(_COUNTER_BITS - 2)
            else:
                self._counter = (self._counter + 1) % (1 << _COUNTER_BITS)
            return self._counter


_sequence = _Sequence()


def uuid7(now: datetime) -> str:
    """A canonical UUID of version 7 (RFC 9562 5.7 and 6.2 method 1): sorts by time, 62 random bits."""
    millisecond = int(now.timestamp() * 1000) & 0xFFFF_FFFF_FFFF
    value = millisecond << 80 | _VERSION_7 | _sequence.next(millisecond) << 64 | _VARIANT | secrets.randbits(62)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


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
