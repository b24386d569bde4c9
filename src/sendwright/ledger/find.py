"""Reading the ledger: sends, their deliveries, attempts and events. Newest first; ids sort by time, so they page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from sendwright.database import among_ids
from sendwright.ledger.model import (
    Attempt,
    AttemptId,
    DeliveryId,
    DeliveryState,
    Event,
    EventType,
    Labels,
    Outcome,
    Part,
    Send,
    SendId,
    SendResult,
    SendState,
)
from sendwright.ledger.questions import DeliveryView, EventFilter, SendFilter
from sendwright.ledger.tables import attempts, deliveries, events, sends

_SEND_COLUMNS = [
    getattr(sends.c, name)
    for name in (
        "account_id", "id", "state", "result", "explanation", "requested_at", "started_at", "completed_at", "stream",
        "email_id", "campaign_id", "app_id", "recipient", "contact_id", "sender", "subject",
        "sent_event_id", "sent_event_at", "labels",
    )
]  # fmt: skip


def find_send(conn: Connection, account_id: int, send_id: str) -> Send | None:
    """One send, or None if the account has none of this id."""
    s = sends.c
    row = conn.execute(select(*_SEND_COLUMNS).where(s.account_id == account_id, s.id == send_id)).one_or_none()
    return None if row is None else _send(row)


def find_sends_by_id(conn: Connection, ids: Sequence[tuple[int, SendId]]) -> dict[SendId, Send]:
    """Several, by (account, id)."""
    if not ids:
        return {}
    s = sends.c
    rows = conn.execute(select(*_SEND_COLUMNS).where(among_ids(s.account_id, s.id, ids)))
    return {SendId(row.id): _send(row) for row in rows}


def find_sends(conn: Connection, account_id: int, wanted: SendFilter, *, before: str | None, limit: int) -> list[Send]:
    """The newest ``limit`` sends of an account that match, older than the id ``before``."""
    s = sends.c
    query = select(*_SEND_COLUMNS).where(s.account_id == account_id)
    for column, value in (
        (s.recipient, wanted.recipient),
        (s.state, wanted.state),
        (s.result, wanted.result),
        (s.email_id, wanted.email_id),
    ):
        query = query if value is None else query.where(column == value)
    if wanted.since is not None:
        query = query.where(s.requested_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(s.requested_at < wanted.until)
    if before is not None:
        query = query.where(s.id < before)
    return [_send(row) for row in conn.execute(query.order_by(s.id.desc()).limit(limit))]


def find_deliveries(conn: Connection, account_id: int, send_id: str) -> list[DeliveryView]:
    """The recipients of a send, and how each stands."""
    d = deliveries.c
    rows = conn.execute(
        select(d.id, d.recipient, d.part, d.state, d.tries, d.due, d.explanation, d.egress)
        .where(d.account_id == account_id, d.send_id == send_id)
        .order_by(d.id)
    )
    return [
        DeliveryView(
            id=DeliveryId(row.id), recipient=row.recipient, part=Part(row.part), state=DeliveryState(row.state),
            tries=row.tries, due=row.due, explanation=row.explanation, egress=row.egress,
        )
        for row in rows
    ]  # fmt: skip


def find_attempts(conn: Connection, account_id: int, send_id: str) -> list[Attempt]:
    """All tries for a send, in order, each with its dialogue."""
    a = attempts.c
    rows = conn.execute(select(attempts).where(a.account_id == account_id, a.send_id == send_id).order_by(a.id))
    return [
        Attempt(
            account_id=row.account_id, id=AttemptId(row.id), send_id=SendId(row.send_id),
            delivery_id=DeliveryId(row.delivery_id), recipient=row.recipient, number=row.number,
            outcome=Outcome(row.outcome), started_at=row.started_at, ended_at=row.ended_at, host=row.host, ip=row.ip,
            tls=row.tls, stage=row.stage, code=row.code, status=row.status, reply=row.reply,
            explanation=row.explanation, dialogue=tuple((at, who, what) for at, who, what in row.dialogue),
        )
        for row in rows
    ]  # fmt: skip


def find_events(
    conn: Connection, account_id: int, wanted: EventFilter, *, before: str | None, limit: int
) -> list[Event]:
    """The newest ``limit`` events of an account that match, older than the id ``before``."""
    e = events.c
    query = select(events).where(e.account_id == account_id)
    for column, value in (
        (e.recipient, wanted.recipient),
        (e.type, wanted.type),
        (e.campaign_id, wanted.campaign_id),
        (e.app_id, wanted.app_id),
        (e.send_id, wanted.send_id),
    ):
        query = query if value is None else query.where(column == value)
    return _newest(conn, query, wanted, before, limit)


def _newest(
    conn: Connection, query: Select[tuple[object, ...]], wanted: EventFilter, before: str | None, limit: int
) -> list[Event]:
    e = events.c
    if wanted.since is not None:
        query = query.where(e.created >= wanted.since)
    if wanted.until is not None:
        query = query.where(e.created <= wanted.until)
    if before is not None:
        query = query.where(e.id < before)
    return [_event(row) for row in conn.execute(query.order_by(e.id.desc()).limit(limit))]


def find_event(conn: Connection, account_id: int, event_id: str) -> Event | None:
    """One event, or None if the account has none of this id."""
    e = events.c
    row = conn.execute(select(events).where(e.account_id == account_id, e.id == event_id)).one_or_none()
    return None if row is None else _event(row)


def _send(row: Row[tuple[object, ...]]) -> Send:
    return Send(
        account_id=row.account_id, id=SendId(row.id), state=SendState(row.state),
        result=None if row.result is None else SendResult(row.result), explanation=row.explanation,
        requested_at=row.requested_at, started_at=row.started_at, completed_at=row.completed_at, stream=row.stream,
        email_id=row.email_id, campaign_id=row.campaign_id, app_id=row.app_id, recipient=row.recipient,
        contact_id=row.contact_id, sender=row.sender, subject=row.subject,
        sent_event_id=row.sent_event_id, sent_event_at=row.sent_event_at, labels=_labels(row.labels),
    )  # fmt: skip


def _labels(kept: Mapping[str, Any] | None) -> Labels | None:
    return None if kept is None else Labels(tags=tuple(kept["tags"]), metadata=kept["metadata"])


def _event(row: Row[tuple[object, ...]]) -> Event:
    return Event(
        account_id=row.account_id, id=row.id, type=EventType(row.type), created=row.created,
        send_id=SendId(row.send_id), recipient=row.recipient, campaign_id=row.campaign_id, app_id=row.app_id,
        facts=row.facts, sent_id=row.sent_id, sent_at=row.sent_at,
    )  # fmt: skip
