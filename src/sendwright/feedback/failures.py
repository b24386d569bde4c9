"""Failures that count against an address only when they add up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Column, Index, String, Table, delete, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sendwright import database
from sendwright.database import Moment, account_column, metadata
from sendwright.feedback import rules
from sendwright.feedback.model import SoftFailure

soft_failures = Table(
    "soft_failures",
    metadata,
    account_column(),
    Column("stream", String(16), primary_key=True),
    Column("key", String, primary_key=True),
    Column("send_id", String(36), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("reason", String(32), nullable=False),
    Index("ix_soft_failures_at", "at"),
)

LastDelivered = Callable[[frozenset[str], datetime], datetime | None]
"""When the address was last delivered to since a moment, by a send that is none of these; None: it was not."""


def add_failure(conn: database.Connection, failure: SoftFailure, last_delivered: LastDelivered) -> int | None:
    """Counts a failure. How many it are, if they suppress the address by now; then they are forgotten."""
    row = {
        "account_id": failure.account_id, "stream": failure.stream, "key": failure.key, "send_id": failure.send_id,
        "at": failure.at, "reason": failure.reason,
    }  # fmt: skip
    adding = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    conn.execute(adding(soft_failures).values(row).on_conflict_do_nothing())
    c = soft_failures.c
    of_address = (c.account_id == failure.account_id, c.stream == failure.stream, c.key == failure.key)
    rows = conn.execute(select(c.send_id, c.at, c.reason).where(*of_address).order_by(c.at.desc()).limit(100)).all()
    counted = [rules.Counted(at=row.at, reason=row.reason) for row in rows]
    if not rules.are_enough(counted, None, failure.at):
        return None
    delivered = last_delivered(frozenset(row.send_id for row in rows), rows[-1].at)
    if not rules.are_enough(counted, delivered, failure.at):
        return None
    conn.execute(delete(soft_failures).where(*of_address))
    return len(rows)


def sweep_failures(conn: database.Connection, now: datetime) -> int:
    """Forgets failures that are too old to count."""
    old = delete(soft_failures).where(soft_failures.c.at < now - rules.LONGEST_MEMORY)  # of all accounts: age ends them
    return conn.execute(old).rowcount
