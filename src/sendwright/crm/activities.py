"""Timelines: what happened, one row each, and on whose records it shows.

An activity is written once, however many records it stands on; ``timeline_entries`` puts it there, newest first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Row, Table, func, literal, select, text, tuple_, update

from sendwright import database
from sendwright.crm.model import (
    CONTACTS,
    Activity,
    ActivityKind,
    ActivityStatus,
    ActivityUpdate,
    ContactId,
    Direction,
)

activities = Table(
    "activities",
    database.metadata,
    database.account_column(),
    Column("id", database.Text, primary_key=True),
    Column("kind", database.Text, nullable=False),
    Column("direction", database.Text, nullable=False),
    Column("at", database.Moment, nullable=False),
    Column("subject", database.Text, nullable=False),
    Column("sender", database.Text, nullable=False),
    Column("people", database.Json, nullable=False),
    Column("status", database.Text, nullable=False),
    Column("send_id", database.Text),
    Column("opens", BigInteger, nullable=False),
    Column("clicks", BigInteger, nullable=False),
    Column("detail", database.Json, nullable=False),
    Index(
        None,
        "account_id",
        "send_id",
        sqlite_where=text("send_id IS NOT NULL"),
        postgresql_where=text("send_id IS NOT NULL"),
    ),
)

timeline_entries = Table(
    "timeline_entries",
    database.metadata,
    database.account_column(),
    Column("object_type", database.Text, primary_key=True),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", database.Moment, primary_key=True),
    Column("activity_id", database.Text, primary_key=True),
    sqlite_with_rowid=False,
)


def note_activities(conn: database.Connection, noted: Sequence[Activity]) -> None:
    """Puts new activities on the timelines of their contacts."""
    _NOTE.run(conn, [_as_row(activity) for activity in noted])
    _ENTER.run(
        conn,
        [
            (activity.account_id, CONTACTS, contact_id, activity.at, activity.id)
            for activity in noted
            for contact_id in activity.contact_ids
        ],
    )


_NOTE = database.Prepared.into(
    activities, "account_id", "id", "kind", "direction", "at", "subject", "sender", "people", "status", "send_id",
    "opens", "clicks", "detail",
)  # fmt: skip
_ENTER = database.Prepared.into(
    timeline_entries, "account_id", "object_type", "record_id", "at", "activity_id"
)  # fmt: skip
_UPDATE = database.Prepared(
    {
        "of_account": BigInteger(), "of_send": database.Text(), "status": database.Text(), "opens": BigInteger(),
        "clicks": BigInteger(),
    },
    lambda given: (
        update(activities)
        .where(activities.c.account_id == given.c.of_account, activities.c.send_id == given.c.of_send)
        .values(
            status=func.coalesce(given.c.status, activities.c.status), opens=activities.c.opens + given.c.opens,
            clicks=activities.c.clicks + given.c.clicks,
        )
    ),
)  # fmt: skip


def update_activities(conn: database.Connection, updates: Sequence[ActivityUpdate]) -> None:
    """Writes what became of sends to their activities, in order; a send without one is passed over."""
    _UPDATE.run(
        conn, [(u.account_id, u.send_id, u.status and u.status.value, u.opens, u.clicks) for u in updates]
    )  # fmt: skip


def timeline(
    conn: database.Connection, account_id: int, contact_id: ContactId, after: str | None, limit: int
) -> list[Activity]:
    """A page of a contact's timeline, newest first: what comes after the activity with the id ``after``, or the top.

    Each names only this contact in ``contact_ids``. Empty when there is no activity ``after``.
    """
    entries = timeline_entries.c
    query = (
        select(activities)
        .select_from(timeline_entries)
        .join(activities, (activities.c.account_id == entries.account_id) & (activities.c.id == entries.activity_id))
        .where(entries.account_id == account_id, entries.object_type == CONTACTS, entries.record_id == contact_id)
        .order_by(entries.at.desc(), entries.activity_id.desc())
        .limit(limit)
    )
    if after is not None:
        seen = (activities.c.account_id == account_id, activities.c.id == after)
        at = conn.execute(select(activities.c.at).where(*seen)).scalar()
        if at is None:
            return []
        query = query.where(
            tuple_(entries.at, entries.activity_id) < tuple_(literal(at, database.Moment), literal(after))
        )
    return [_as_activity(row, contact_id) for row in conn.execute(query)]


def _as_row(a: Activity) -> database.Row:
    return (
        a.account_id, a.id, a.kind.value, a.direction.value, a.at, a.subject, a.sender, list(a.people),
        a.status.value, a.send_id, a.opens, a.clicks, dict(a.detail),
    )  # fmt: skip


def _as_activity(row: Row[Any], contact_id: ContactId) -> Activity:
    return Activity(
        account_id=row.account_id,
        id=row.id,
        kind=ActivityKind(row.kind),
        contact_ids=(contact_id,),
        at=row.at,
        direction=Direction(row.direction),
        subject=row.subject,
        sender=row.sender,
        people=tuple(row.people),
        status=ActivityStatus(row.status),
        send_id=row.send_id,
        opens=row.opens,
        clicks=row.clicks,
        detail=row.detail,
    )
