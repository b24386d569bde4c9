"""What is known about a delivery after it was handed over: the facts that a report about it is judged by."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from sendwright.ledger.model import DeliveryId, DeliveryState, EventType, Outcome, Part, SendId
from sendwright.ledger.tables import attempts, deliveries, events

_WITH_A_SERVER = frozenset({DeliveryState.COMMITTING, DeliveryState.IN_DOUBT, DeliveryState.DELIVERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class SentDelivery:
    """A delivery, and whether a server may have the message. ``delivered_at``: when one said that it has."""

    account_id: int
    id: DeliveryId
    send_id: SendId
    recipient: str
    part: Part
    stream: str
    state: DeliveryState
    may_have_arrived: bool
    delivered_at: datetime | None


def find_sent(conn: Connection, account_id: int, delivery_id: str) -> SentDelivery | None:
    """One delivery of an account, or None."""
    d = deliveries.c
    query: Select[Any] = select(d.account_id, d.id, d.send_id, d.recipient, d.part, d.stream, d.state)
    row = conn.execute(query.where(d.account_id == account_id, d.id == delivery_id)).one_or_none()
    return None if row is None else _with_attempts(conn, row)


def find_sent_to(conn: Connection, account_id: int, send_id: str) -> SentDelivery | None:
    """The delivery to the one whom a send is to."""
    d = deliveries.c
    query: Select[Any] = select(d.account_id, d.id, d.send_id, d.recipient, d.part, d.stream, d.state)
    found = query.where(d.account_id == account_id, d.send_id == send_id, d.part == Part.TO).limit(1)
    row = conn.execute(found).one_or_none()
    return None if row is None else _with_attempts(conn, row)


def last_delivered(
    conn: Connection, account_id: int, recipient: str, since: datetime, without: Set[str]
) -> datetime | None:
    """When an address last took a mail since a moment, those of some sends not counted."""
    e = events.c
    query = select(e.created, e.send_id).where(
        e.account_id == account_id, e.recipient == recipient, e.type == EventType.DELIVERED, e.created >= since
    )
    newest = conn.execute(query.order_by(e.id.desc()).limit(len(without) + 1))
    return next((row.created for row in newest if row.send_id not in without), None)


def _with_attempts(conn: Connection, row: Row[Any]) -> SentDelivery:
    a = attempts.c
    tries = select(a.outcome, func.max(a.ended_at).label("at")).where(
        a.account_id == row.account_id, a.send_id == row.send_id, a.delivery_id == row.id
    )
    ended = {Outcome(each.outcome): each.at for each in conn.execute(tries.group_by(a.outcome))}
    state = DeliveryState(row.state)
    return SentDelivery(
        account_id=row.account_id, id=DeliveryId(row.id), send_id=SendId(row.send_id), recipient=row.recipient,
        part=Part(row.part), stream=row.stream, state=state, delivered_at=ended.get(Outcome.DELIVERED),
        may_have_arrived=state in _WITH_A_SERVER or Outcome.DELIVERED in ended or Outcome.IN_DOUBT in ended,
    )  # fmt: skip
