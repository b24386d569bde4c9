"""The suppressions and all their SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Row, Select, String, Table, and_, delete, or_, select, text
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sendwright import database
from sendwright.database import Json, Moment, account_column, among, metadata
from sendwright.feedback.model import Cause, Suppression, SuppressionFilter

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
    Column("until", Moment),
    Index(
        "ix_suppressions_until",
        "until",
        sqlite_where=text("until IS NOT NULL"),
        postgresql_where=text("until IS NOT NULL"),
    ),
)

_SWEPT_AT_ONCE = 1000


def suppress(conn: database.Connection, items: Sequence[Suppression]) -> None:
    """Writes suppressions. The first cause stands, for it has the better evidence, unless its time was over."""
    if not items:
        return
    insert = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    rows = [
        {
            "account_id": s.account_id, "stream": s.stream, "key": s.key, "cause": s.cause, "since": s.since,
            "explanation": s.explanation, "evidence": dict(s.evidence), "until": s.until,
        }
        for s in items
    ]  # fmt: skip
    adding = insert(suppressions)
    given = adding.excluded
    replaced = {name: given[name] for name in ("cause", "since", "explanation", "evidence", "until")}
    conn.execute(
        adding.on_conflict_do_update(
            index_elements=[suppressions.c.account_id, suppressions.c.stream, suppressions.c.key],
            set_=replaced,
            where=and_(suppressions.c.until.is_not(None), suppressions.c.until <= given.since),
        ),
        rows,
    )


def find_suppressions(
    conn: database.Connection, wanted: Iterable[tuple[int, str, str]], now: datetime
) -> dict[tuple[int, str, str], Suppression]:
    """Those of the (account, stream, key) that are suppressed now."""
    slots = set(wanted)
    if not slots:
        return {}
    c = suppressions.c
    standing = or_(c.until.is_(None), c.until > now)
    rows = conn.execute(select(suppressions).where(among((c.account_id, c.stream, c.key), slots), standing))
    return {(row.account_id, row.stream, row.key): _suppression(row) for row in rows}


def find_suppression(conn: database.Connection, account_id: int, stream: str, key: str) -> Suppression | None:
    """One, whether or not its time is over."""
    c = suppressions.c
    row = conn.execute(
        select(suppressions).where(c.account_id == account_id, c.stream == stream, c.key == key)
    ).one_or_none()
    return None if row is None else _suppression(row)


def list_suppressions(
    conn: database.Connection,
    account_id: int,
    wanted: SuppressionFilter = SuppressionFilter(),  # noqa: B008 - it is frozen
    *,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Suppression]:
    """An account's suppressions by key and stream, those after the (key, stream) ``after``."""
    c = suppressions.c
    query: Select[Any] = select(suppressions).where(c.account_id == account_id).order_by(c.key, c.stream).limit(limit)
    if wanted.stream is not None:
        query = query.where(c.stream == wanted.stream)
    if wanted.cause is not None:
        query = query.where(c.cause == wanted.cause)
    if wanted.search is not None:
        query = query.where(c.key.contains(wanted.search.lower(), autoescape=True))
    if after is not None:
        query = query.where(or_(c.key > after[0], and_(c.key == after[0], c.stream > after[1])))
    return [_suppression(row) for row in conn.execute(query)]


def lift(conn: database.Connection, account_id: int, stream: str, key: str) -> bool:
    """The address may be mailed again. False if it was not suppressed."""
    c = suppressions.c
    gone = delete(suppressions).where(c.account_id == account_id, c.stream == stream, c.key == key)
    return conn.execute(gone).rowcount == 1


def sweep_suppressions(conn: database.Connection, now: datetime) -> int:
    """Deletes some of those whose time is over. How many it were; 0 when none is left."""
    c = suppressions.c
    query = select(c.account_id, c.stream, c.key).where(c.until <= now)  # of all accounts: time ends them for each
    rows = [tuple(row) for row in conn.execute(query.limit(_SWEPT_AT_ONCE))]
    if rows:
        over = delete(suppressions).where(among((c.account_id, c.stream, c.key), rows), c.until <= now)
        conn.execute(over)
    return len(rows)


def _suppression(row: Row[Any]) -> Suppression:
    return Suppression(
        account_id=row.account_id, stream=row.stream, key=row.key, cause=Cause(row.cause), since=row.since,
        explanation=row.explanation, evidence=row.evidence, until=row.until,
    )  # fmt: skip
