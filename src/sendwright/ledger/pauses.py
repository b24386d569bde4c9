"""Pauses: what an operator keeps from leaving for a while. Claims leave it alone; composing goes on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, or_, select

from sendwright import database
from sendwright.ledger.queue_words import EVERYBODY, Pause, PauseKind
from sendwright.ledger.tables import pauses


def pause(conn: Connection, new: Pause) -> None:
    """Begins a pause, or gives the one that is there another reason and end."""
    resume(conn, new.account_id, new.kind, new.name)
    conn.execute(
        pauses.insert().values(
            account_id=new.account_id, kind=new.kind, name=new.name, reason=new.reason, since=new.since,
            until=new.until,
        )
    )  # fmt: skip
    database.announce(conn, "deliveries")


def resume(conn: Connection, account_id: int, kind: PauseKind, name: str) -> bool:
    """Ends a pause; whether there was one."""
    p = pauses.c
    ended = conn.execute(delete(pauses).where(p.account_id == account_id, p.kind == kind, p.name == name)).rowcount
    database.announce(conn, "deliveries")
    return ended > 0


def find_pauses(conn: Connection, now: datetime, account_id: int | None = None) -> list[Pause]:
    """The pauses that are not over: all, or those that concern one account."""
    p = pauses.c
    query = select(pauses).where(or_(p.until.is_(None), p.until > now))  # of all accounts: workers serve them all
    if account_id is not None:
        query = query.where(p.account_id.in_([EVERYBODY, account_id]))
    rows = conn.execute(query.order_by(p.account_id, p.kind, p.name))
    return [
        Pause(
            account_id=row.account_id, kind=PauseKind(row.kind), name=row.name, reason=row.reason, since=row.since,
            until=row.until,
        )
        for row in rows
    ]  # fmt: skip
