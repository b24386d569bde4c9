"""Claiming: how workers take sends and deliveries without ever meeting.

A claim chooses rows and updates them in one transaction, which also raises each row's epoch; whoever writes later must
know the epoch (the fence). Leases are measured by the database's clock alone, so that the clocks of machines do not
matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, literal, literal_column, select, update

from sendwright.database import Moment, among_ids
from sendwright.ledger.model import (
    ClaimedSend,
    Delivery,
    DeliveryId,
    DeliveryState,
    Lease,
    Part,
    SendId,
    SendState,
)
from sendwright.ledger.rules import DeliveryEvent, SendEvent, delivery_after, send_after
from sendwright.ledger.shelves import read_payloads, within
from sendwright.ledger.tables import deliveries, in_state, sends

RowKey = tuple[int, str]
"""Account and id of a send or a delivery."""

BUDGET_BYTES = 16 * 1024 * 1024
"""How much a claim brings into memory at once."""

_MILLISECOND = timedelta(milliseconds=1)


def clock_ms(conn: Connection) -> ColumnElement[int]:
    """The database's own clock, in milliseconds since 1970."""
    if conn.dialect.name == "sqlite":
        return literal_column("CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)")
    return literal_column("CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)")


def claim_sends(
    conn: Connection, owner: str, lease: timedelta, limit: int, now: datetime, budget_bytes: int = BUDGET_BYTES
) -> list[ClaimedSend]:
    """Leases up to ``limit`` accepted sends for composing, the oldest first.

    Their payloads weigh no more than ``budget_bytes`` together, unless the first alone does.
    """
    s = sends.c
    payload_id = func.coalesce(s.payload_id, s.id)
    query = select(s.account_id, s.id, payload_id, s.size_bytes).where(in_state(sends, SendState.ACCEPTED))
    ids = within(_locked(conn, query.order_by(s.id).limit(limit)), budget_bytes)
    if not ids:
        return []
    rows = conn.execute(
        update(sends)
        .where(among_ids(s.account_id, s.id, ids))
        .values(
            state=send_after(SendState.ACCEPTED, SendEvent.CLAIM),
            started_at=func.coalesce(s.started_at, literal(now, Moment)),
            lease_owner=owner, lease_epoch=s.lease_epoch + 1, lease_until=clock_ms(conn) + lease // _MILLISECOND,
        )
        .returning(
            s.account_id, s.id, s.lease_epoch, s.requested_at, s.stream, s.email_id, s.app_id, s.recipient,
            payload_id.label("payload")
        )
    ).all()  # fmt: skip
    bodies = read_payloads(conn, {(row.account_id, row.payload) for row in rows})
    claimed = []
    for row in rows:
        body, _, shelf = bodies[row.account_id, row.payload]
        claimed.append(
            ClaimedSend(
                account_id=row.account_id, id=SendId(row.id), lease=Lease(owner=owner, epoch=row.lease_epoch),
                requested_at=row.requested_at, stream=row.stream, email_id=row.email_id, app_id=row.app_id,
                recipient=row.recipient, payload=body, shelf=shelf,
            )
        )  # fmt: skip
    return sorted(claimed, key=lambda send: send.id)


def claim_deliveries(
    conn: Connection,
    owner: str,
    lease: timedelta,
    limit: int,
    busy: Sequence[str],
    now: datetime,
    budget_bytes: int = BUDGET_BYTES,
) -> list[Delivery]:
    """Leases up to ``limit`` deliveries that are due, except those for ``busy`` domains, which have no room now.

    Their payloads weigh no more than ``budget_bytes`` together, unless the first alone does.
    """
    d = deliveries.c
    free = and_(
        in_state(deliveries, DeliveryState.WAITING, DeliveryState.IN_DOUBT), d.due <= now, d.domain.not_in(busy)
    )
    some = _locked(conn, select(d.account_id, d.id).where(free).order_by(d.due).limit(limit))
    ids = within(_weighed(conn, some), budget_bytes)
    if not ids:
        return []
    conn.execute(
        update(deliveries)
        .where(among_ids(d.account_id, d.id, ids))
        .values(
            state=delivery_after(DeliveryState.WAITING, DeliveryEvent.CLAIM), lease_owner=owner,
            lease_epoch=d.lease_epoch + 1, lease_until=clock_ms(conn) + lease // _MILLISECOND,
        )
    )  # fmt: skip
    return _leased(conn, owner, ids)


def _weighed(conn: Connection, ids: Sequence[tuple[int, str]]) -> list[tuple[int, str, str, int]]:
    """Account, id, payload and its size, the longest due first."""
    if not ids:
        return []
    d, s = deliveries.c, sends.c
    rows = conn.execute(
        select(d.account_id, d.id, func.coalesce(s.payload_id, s.id), s.size_bytes)
        .join(sends, and_(s.account_id == d.account_id, s.id == d.send_id))
        .where(among_ids(d.account_id, d.id, ids))
        .order_by(d.due)
    )
    return [tuple(row) for row in rows]


def _leased(conn: Connection, owner: str, ids: Sequence[tuple[int, str]]) -> list[Delivery]:
    d, s = deliveries.c, sends.c
    rows = conn.execute(
        select(
            d.account_id, d.id, d.send_id, d.lease_epoch, d.recipient, d.part, d.domain, d.stream, d.tries,
            d.accepted_at, s.email_id, s.campaign_id, s.app_id, s.sent_event_id, s.sent_event_at,
            func.coalesce(s.payload_id, s.id).label("payload"),
        )
        .join(sends, and_(s.account_id == d.account_id, s.id == d.send_id))
        .where(among_ids(d.account_id, d.id, ids))
    ).all()  # fmt: skip
    bodies = read_payloads(conn, {(row.account_id, row.payload) for row in rows})
    held = []
    for row in rows:
        body, snapshot, shelf = bodies[row.account_id, row.payload]
        held.append(
            Delivery(
                account_id=row.account_id, id=DeliveryId(row.id), send_id=SendId(row.send_id),
                lease=Lease(owner=owner, epoch=row.lease_epoch), recipient=row.recipient, part=Part(row.part),
                domain=row.domain, stream=row.stream, tries=row.tries, accepted_at=row.accepted_at,
                email_id=row.email_id, campaign_id=row.campaign_id, app_id=row.app_id, payload=body,
                snapshot=snapshot, sent_id=row.sent_event_id, sent_at=row.sent_event_at, shelf=shelf,
            )
        )  # fmt: skip
    return held


def renew(
    conn: Connection, owner: str, lease: timedelta, composing: Sequence[RowKey], attempting: Sequence[RowKey]
) -> int:
    """Prolongs the leases of what a live owner has in hand: sends and deliveries, by (account, id); how many.

    Only of those: what it lost sight of (a claim whose answer never came, a batch broken off) must run out.
    """
    until = clock_ms(conn) + lease // _MILLISECOND
    return _prolong(conn, sends, (SendState.COMPOSING,), owner, composing, until) + _prolong(
        conn, deliveries, (DeliveryState.LEASED, DeliveryState.COMMITTING), owner, attempting, until
    )


def _prolong(
    conn: Connection, table: Table, live: Sequence[StrEnum], owner: str, keys: Sequence[RowKey],
    until: ColumnElement[int],
) -> int:  # fmt: skip
    if not keys:
        return 0
    c = table.c
    mine = and_(among_ids(c.account_id, c.id, keys), in_state(table, *live), c.lease_owner == owner)
    return conn.execute(update(table).where(mine).values(lease_until=until)).rowcount


def _locked(conn: Connection, query: Select[Any]) -> list[Any]:
    """Some free rows of any account (workers serve them all), locked where others could take them."""
    locked = query.with_for_update(skip_locked=True) if conn.dialect.name == "postgresql" else query
    return [tuple(row) for row in conn.execute(locked)]
