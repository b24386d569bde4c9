"""What outbound remembers of TLS: MTA-STS policies until they are over, and the counts for reports.

Both are the installation's: a policy is a stranger's public word, and reports go to strangers, about all our mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Column, Integer, String, Table, delete, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sendwright import database
from sendwright.outbound.tls_counts import Counts, Line
from sendwright.outbound.tls_policy import PolicyType, Result

sts_policies = Table(
    "sts_policies",
    database.metadata,
    Column("domain", database.Text, primary_key=True),
    Column("record_id", String(32), nullable=False),
    Column("policy", database.Text, nullable=False),
    Column("fetched_at", database.Moment, nullable=False),
    Column("expires_at", database.Moment, nullable=False),
)

tls_counts = Table(
    "tls_counts",
    database.metadata,
    Column("day", String(10), primary_key=True),
    Column("domain", database.Text, primary_key=True),
    Column("type", String(16), primary_key=True),
    Column("result", String(32), primary_key=True),
    Column("host", database.Text, primary_key=True),
    Column("sessions", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPolicy:
    """A policy as it was fetched, and under which id DNS announced it."""

    domain: str
    record_id: str
    text: str
    fetched_at: datetime
    expires_at: datetime


def keep_policy(conn: database.Connection, kept: KeptPolicy) -> None:
    """In place of the one before."""
    insert = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    values = {
        "record_id": kept.record_id, "policy": kept.text, "fetched_at": kept.fetched_at, "expires_at": kept.expires_at,
    }  # fmt: skip
    statement = insert(sts_policies).values(domain=kept.domain, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["domain"], set_=values))


def find_policy(conn: database.Connection, domain: str) -> KeptPolicy | None:
    """What is kept of a domain, over or not."""
    # of all accounts: a stranger's public word
    row = conn.execute(select(sts_policies).where(sts_policies.c.domain == domain)).one_or_none()
    if row is None:
        return None
    return KeptPolicy(
        domain=row.domain, record_id=row.record_id, text=row.policy, fetched_at=row.fetched_at,
        expires_at=row.expires_at,
    )  # fmt: skip


def forget_policies(conn: database.Connection, now: datetime) -> None:
    """Those that are over."""
    # of all accounts: a stranger's public word
    conn.execute(delete(sts_policies).where(sts_policies.c.expires_at <= now))


def add_counts(conn: database.Connection, counts: Counts) -> None:
    """Adds to what was counted before, by this process or another."""
    if not counts:
        return
    insert = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    statement = insert(tls_counts)
    more = {"sessions": tls_counts.c.sessions + statement.excluded.sessions}
    keys = ["day", "domain", "type", "result", "host"]
    rows = [
        {
            "day": line.day.isoformat(), "domain": line.domain, "type": line.type, "result": line.result,
            "host": line.host, "sessions": count,
        }
        for line, count in sorted(counts.items(), key=lambda item: _order(item[0]))
    ]  # fmt: skip
    conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=more), rows)


def _order(line: Line) -> tuple[str, ...]:
    """Two processes that write the same rows take them in the same order, so that neither waits in vain."""
    return (line.day.isoformat(), line.domain, line.type, line.result, line.host)


def counts_of(conn: database.Connection, day: date) -> Counts:
    """What was counted on a day (UTC)."""
    # of all accounts: a report covers all our mail
    rows = conn.execute(select(tls_counts).where(tls_counts.c.day == day.isoformat()))
    return {
        Line(
            day=day, domain=row.domain, type=PolicyType(row.type), result=Result(row.result), host=row.host
        ): row.sessions
        for row in rows
    }  # fmt: skip


def policy_texts(conn: database.Connection) -> Mapping[str, str]:
    """By domain, the MTA-STS policies that are kept."""
    # of all accounts: a stranger's public word
    rows = conn.execute(select(sts_policies.c.domain, sts_policies.c.policy))
    return {row.domain: row.policy for row in rows}


def forget_counts(conn: database.Connection, before: date) -> None:
    """Those of days before this one."""
    # of all accounts: the upkeep serves all
    conn.execute(delete(tls_counts).where(tls_counts.c.day < before.isoformat()))
