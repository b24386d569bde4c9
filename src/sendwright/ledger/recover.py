"""Recovering: what a dead worker left is free again, and what may have been delivered is not repeated at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select, true, update

from sendwright import database
from sendwright.database import among_ids
from sendwright.ledger import writes
from sendwright.ledger.claim import clock_ms
from sendwright.ledger.model import DeliveryState, Outcome, SendState
from sendwright.ledger.queue_words import DuplicatePolicy
from sendwright.ledger.rules import DeliveryEvent, SendEvent, delivery_after, send_after
from sendwright.ledger.tables import attempts, deliveries, in_state, sends

_EXPLANATION = (
    "The connection or this server failed after the message was handed over and before the answer was recorded. "
    "It may have arrived; it is tried again with the same Message-ID."
)


def recover_expired(
    conn: Connection, now: datetime, wait: timedelta, usual: DuplicatePolicy = DuplicatePolicy.RETRY
) -> int:
    """Frees what is leased beyond its time; how many rows. ``wait``: how long an attempt in doubt rests.

    ``usual``: what becomes of an attempt in doubt whose sender asked for nothing.
    """
    expired = clock_ms()
    return _recover(conn, sends.c.lease_until < expired, deliveries.c.lease_until < expired, now, wait, usual)


def recover_all(
    conn: Connection, now: datetime, wait: timedelta, usual: DuplicatePolicy = DuplicatePolicy.RETRY
) -> int:
    """Frees everything leased: for the one process that owns the database, at its start."""
    return _recover(conn, true(), true(), now, wait, usual)


def recover_owned(
    conn: Connection, owner: str, now: datetime, wait: timedelta, usual: DuplicatePolicy = DuplicatePolicy.RETRY
) -> int:
    """Frees what one worker holds: for a worker that stops."""
    return _recover(conn, sends.c.lease_owner == owner, deliveries.c.lease_owner == owner, now, wait, usual)


def _recover(
    conn: Connection, lost_send: ColumnElement[bool], lost: ColumnElement[bool], now: datetime, wait: timedelta,
    usual: DuplicatePolicy,
) -> int:  # fmt: skip
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
    doubtful = _doubt(conn, lost, now, wait, usual)
    if composing or leased:
        database.announce(conn, "sends")
        database.announce(conn, "deliveries")
    return composing + leased + doubtful


def _doubt(conn: Connection, lost: ColumnElement[bool], now: datetime, wait: timedelta, usual: DuplicatePolicy) -> int:
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
    _hold_doubtful(conn, [(row.account_id, row.id, row.send_id) for row in rows], usual)
    return len(rows)


def _hold_doubtful(conn: Connection, doubtful: Sequence[tuple[int, str, str]], usual: DuplicatePolicy) -> None:
    """Of these deliveries in doubt (account, id, send), those whose senders want no repeat wait for a person."""
    s = sends.c
    wishes = conn.execute(
        select(s.account_id, s.id, s.duplicate_policy).where(
            among_ids(s.account_id, s.id, {(account_id, send_id) for account_id, _, send_id in doubtful})
        )
    )
    policy = {(account_id, send_id): wish or usual for account_id, send_id, wish in wishes}
    held = [(a, id_) for a, id_, send_id in doubtful if policy[a, send_id] == DuplicatePolicy.HOLD]
    writes.HOLD_DOUBTFUL.run(conn, held)


def _attempt(row: Any, now: datetime) -> dict[str, Any]:
    return {
        "account_id": row.account_id, "id": row.attempt_id, "send_id": row.send_id, "delivery_id": row.id,
        "recipient": row.recipient, "number": row.tries + 1, "outcome": Outcome.IN_DOUBT,
        "started_at": row.attempt_at, "ended_at": now, "host": row.attempt_host, "ip": None, "tls": None,
        "stage": "final", "code": None, "status": None, "reply": None, "explanation": _EXPLANATION, "dialogue": [],
    }  # fmt: skip
