"""Recovering: what a dead worker left is free again, and what may have been delivered is not repeated at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select, true, update

from sendwright import database
from sendwright.database import among_ids
from sendwright.ledger.claim import clock_ms
from sendwright.ledger.model import DeliveryState, Outcome, SendState
from sendwright.ledger.rules import DeliveryEvent, SendEvent, delivery_after, send_after
from sendwright.ledger.tables import attempts, deliveries, in_state, sends

_EXPLANATION = (
    "The connection or this server failed after the message was handed over and before the answer was recorded. "
    "It may have arrived; it is tried again with the same Message-ID."
)


def recover_expired(conn: Connection, now: datetime, wait: timedelta) -> int:
    """Frees what is leased beyond its time; how many rows. ``wait``: how long an attempt in doubt rests."""
    expired = clock_ms()
    return _recover(conn, sends.c.lease_until < expired, deliveries.c.lease_until < expired, now, wait)


def recover_all(conn: Connection, now: datetime, wait: timedelta) -> int:
    """Frees everything leased: for the one process that owns the database, at its start."""
    return _recover(conn, true(), true(), now, wait)


def recover_owned(conn: Connection, owner: str, now: datetime, wait: timedelta) -> int:
    """Frees what one worker holds: for a worker that stops."""
    return _recover(conn, sends.c.lease_owner == owner, deliveries.c.lease_owner == owner, now, wait)


def _recover(
    conn: Connection, lost_send: ColumnElement[bool], lost: ColumnElement[bool], now: datetime, wait: timedelta
) -> int:
    composing = conn.execute(
        update(sends)  # of all accounts: workers serve them all
        .where(in_state(sends, SendState.COMPOSING), lost_send)
        .values(state=send_after(SendState.COMPOSING, SendEvent.LEASE_LOST), lease_owner=None, lease_until=None)
    ).rowcount
    leased = conn.execute(
        update(deliveries)
        .where(in_state(deliveries, DeliveryState.LEASED), lost)
        .values(
            state=delivery_after(DeliveryState.LEASED, DeliveryEvent.LEASE_LOST), due=now,
            lease_owner=None, lease_until=None,
        )
    ).rowcount  # fmt: skip
    doubtful = _doubt(conn, lost, now, wait)
    if composing or leased:
        database.announce(conn, "sends")
        database.announce(conn, "deliveries")
    return composing + leased + doubtful


def _doubt(conn: Connection, lost: ColumnElement[bool], now: datetime, wait: timedelta) -> int:
    d = deliveries.c
    query = select(
        d.account_id, d.id, d.send_id, d.recipient, d.tries, d.attempt_id, d.attempt_host, d.attempt_at
    ).where(and_(in_state(deliveries, DeliveryState.COMMITTING), lost))
    rows = conn.execute(query.with_for_update(skip_locked=True) if conn.dialect.name == "postgresql" else query).all()
    if not rows:
        return 0
    conn.execute(
        update(deliveries)
        .where(among_ids(d.account_id, d.id, [(row.account_id, row.id) for row in rows]))
        .values(
            state=delivery_after(DeliveryState.COMMITTING, DeliveryEvent.LEASE_LOST), due=now + wait,
            tries=d.tries + 1, explanation=_EXPLANATION, lease_owner=None, lease_until=None,
        )
    )  # fmt: skip
    conn.execute(attempts.insert(), [_attempt(row, now) for row in rows])
    return len(rows)


def _attempt(row: Any, now: datetime) -> dict[str, Any]:
    return {
        "account_id": row.account_id, "id": row.attempt_id, "send_id": row.send_id, "delivery_id": row.id,
        "recipient": row.recipient, "number": row.tries + 1, "outcome": Outcome.IN_DOUBT,
        "started_at": row.attempt_at, "ended_at": now, "host": row.attempt_host, "ip": None, "tls": None,
        "stage": "final", "code": None, "status": None, "reply": None, "explanation": _EXPLANATION, "dialogue": [],
    }  # fmt: skip
