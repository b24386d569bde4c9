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

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    and_,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from sendwright.database import Moment, Prepared, among_ids
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


class _Clock(FunctionElement[int]):
    name = "clock_ms"
    type = BigInteger()
    inherit_cache = True


@compiles(_Clock)
def _say_clock(element: _Clock, compiler: Any, **_: Any) -> str:
    if compiler.dialect.name == "sqlite":
        return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"


def clock_ms() -> ColumnElement[int]:
    """The database's own clock, in milliseconds since 1970."""
    return _Clock()


def claim_sends(
    conn: Connection, owner: str, lease: timedelta, limit: int, now: datetime, budget_bytes: int = BUDGET_BYTES
) -> list[ClaimedSend]:
    """Leases up to ``limit`` accepted sends for composing, the oldest first.

    Their payloads weigh no more than ``budget_bytes`` together, unless the first alone does.
    """
    s = sends.c
    payload_id = func.coalesce(s.payload_id, s.id)
    # of all accounts: workers serve them all
    query = select(s.account_id, s.id, payload_id, s.size_bytes).where(in_state(sends, SendState.ACCEPTED))
    ids = within(_locked(conn, query.order_by(s.id).limit(limit)), budget_bytes)
    if not ids:
        return []
    rows = _CLAIM.ask(conn, [(*key, owner, now, lease // _MILLISECOND) for key in ids])
    bodies = read_payloads(conn, {(account_id, payload) for account_id, payload, *_ in rows})
    claimed = []
    for account_id, payload, id_, epoch, requested_at, stream, email_id, app_id, recipient in rows:
        body, _, shelf = bodies[account_id, payload]
        claimed.append(
            ClaimedSend(
                account_id=account_id, id=SendId(id_), lease=Lease(owner=owner, epoch=epoch),
                requested_at=requested_at, stream=stream, email_id=email_id, app_id=app_id, recipient=recipient,
                payload=body, shelf=shelf,
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
            lease_epoch=d.lease_epoch + 1, lease_until=clock_ms() + lease // _MILLISECOND,
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
            d.accepted_at, d.egress, s.email_id, s.campaign_id, s.app_id, s.sent_event_id, s.sent_event_at,
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
                egress=row.egress,
            )
        )  # fmt: skip
    return held


def renew(
    conn: Connection, owner: str, lease: timedelta, composing: Sequence[RowKey], attempting: Sequence[RowKey]
) -> int:
    """Prolongs the leases of what a live owner has in hand: sends and deliveries, by (account, id); how many.

    Only of those: what it lost sight of (a claim whose answer never came, a batch broken off) must run out.
    """
    until = clock_ms() + lease // _MILLISECOND
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


_CLAIM = Prepared(
    {"k_account": BigInteger(), "k_id": String(), "owner": String(), "now": Moment(), "lease_ms": BigInteger()},
    lambda given: (
        update(sends)
        .where(sends.c.account_id == given.c.k_account, sends.c.id == given.c.k_id)
        .values(
            state=literal_column(f"'{send_after(SendState.ACCEPTED, SendEvent.CLAIM).value}'"),
            started_at=func.coalesce(sends.c.started_at, given.c.now), lease_owner=given.c.owner,
            lease_epoch=sends.c.lease_epoch + literal_column("1"), lease_until=clock_ms() + given.c.lease_ms,
        )
        .returning(
            sends.c.account_id, func.coalesce(sends.c.payload_id, sends.c.id), sends.c.id, sends.c.lease_epoch,
            sends.c.requested_at, sends.c.stream, sends.c.email_id, sends.c.app_id, sends.c.recipient,
        )
    ),
)  # fmt: skip
