"""The suppressions and all their SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Row, String, Table, delete, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sendwright import database
from sendwright.database import Json, Moment, account_column, among, metadata
from sendwright.feedback.model import Cause, Suppression

suppressions = Table(
    "suppressions",
    metadata,
    account_column(),
    Column("stream", String(16), primary_key=True),
    Column("key", String, primary_key=True),
    Column("cause", String(12), nullable=False),
    Column("since", Moment, nullable=False),
    Column("explanation", String, nullable=False),
    Column("evidence", Json, nullable=False),
)


def suppress(conn: database.Connection, items: Sequence[Suppression]) -> None:
    """Writes suppressions. The first cause stands: it has the better evidence."""
    if not items:
        return
    insert = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    rows = [
        {
            "account_id": s.account_id, "stream": s.stream, "key": s.key, "cause": s.cause, "since": s.since,
            "explanation": s.explanation, "evidence": dict(s.evidence),
        }
        for s in items
    ]  # fmt: skip
    conn.execute(insert(suppressions).on_conflict_do_nothing(), rows)


def find_suppressions(
    conn: database.Connection, wanted: Iterable[tuple[int, str, str]]
) -> dict[tuple[int, str, str], Suppression]:
    """Those of the (account, stream, key) that are suppressed."""
    slots = set(wanted)
    if not slots:
        return {}
    c = suppressions.c
    rows = conn.execute(select(suppressions).where(among((c.account_id, c.stream, c.key), slots)))
    return {(row.account_id, row.stream, row.key): _suppression(row) for row in rows}


def list_suppressions(
    conn: database.Connection, account_id: int, *, after: str | None, limit: int
) -> list[Suppression]:
    """An account's suppressions by key, those after the key ``after``."""
    c = suppressions.c
    query = select(suppressions).where(c.account_id == account_id).order_by(c.key).limit(limit)
    return [_suppression(row) for row in conn.execute(query if after is None else query.where(c.key > after))]


def lift(conn: database.Connection, account_id: int, stream: str, key: str) -> bool:
    """The address may be mailed again. False if it was not suppressed."""
    c = suppressions.c
    gone = delete(suppressions).where(c.account_id == account_id, c.stream == stream, c.key == key)
    return conn.execute(gone).rowcount == 1


def _suppression(row: Row[Any]) -> Suppression:
    return Suppression(
        account_id=row.account_id, stream=row.stream, key=row.key, cause=Cause(row.cause), since=row.since,
        explanation=row.explanation, evidence=row.evidence,
    )  # fmt: skip
