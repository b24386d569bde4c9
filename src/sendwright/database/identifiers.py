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
_CHANCE_BYTES = 9  # 62 bits for the id, 10 to begin counting with


class _Sequence:
    """Counts within a millisecond, so that what one process makes sorts in the order of its making."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millisecond = -1
        self._counter = 0
        self._chance = b""

    def next(self, millisecond: int) -> tuple[int, int]:
        """A count and 62 random bits. The count begins low and by chance, so that processes do not meet.

        Chance is fetched for many ids at once: each id alone would cost a system call.
        """
        with self._lock:
            if len(self._chance) < _CHANCE_BYTES:
                self._chance = secrets.token_bytes(_CHANCE_BYTES * 256)
            chance = int.from_bytes(self._chance[:_CHANCE_BYTES], "big")
            self._chance = self._chance[_CHANCE_BYTES:]
            if millisecond != self._millisecond:
                self._millisecond, self._counter = millisecond, chance >> 62 & 0x3FF
            else:
                self._counter = (self._counter + 1) % (1 << _COUNTER_BITS)
            return self._counter, chance & 0x3FFF_FFFF_FFFF_FFFF


_sequence = _Sequence()


def uuid7(now: datetime) -> str:
    """A canonical UUID of version 7 (RFC 9562 5.7 and 6.2 method 1): sorts by time, 62 random bits."""
    millisecond = int(now.timestamp() * 1000) & 0xFFFF_FFFF_FFFF
    counter, chance = _sequence.next(millisecond)
    value = millisecond << 80 | _VERSION_7 | counter << 64 | _VARIANT | chance
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
