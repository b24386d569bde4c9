"""Identifiers: time-ordered UUIDs for what is many, small numbers for what people see."""

from __future__ import annotations

import secrets
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


def uuid7(now: datetime) -> str:
    """A canonical UUID of version 7 (RFC 9562 5.7): sorts by time, 74 random bits."""
    milliseconds = int(now.timestamp() * 1000) & 0xFFFF_FFFF_FFFF
    chance = secrets.randbits(74)
    value = milliseconds << 80 | _VERSION_7 | (chance >> 62) << 64 | _VARIANT | chance & 0x3FFF_FFFF_FFFF_FFFF
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
