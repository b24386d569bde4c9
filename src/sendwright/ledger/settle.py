"""Composed, intended, settled: the guarded writes of a worker, each with its events, many in one commit.

Every write says from which states and under which epoch it may happen. In a batch the database only tells how many
rows changed in all; when that is fewer than asked, :class:`Late` undoes the batch and its members are tried one by one,
where the one that came too late is told apart from the others.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sendwright.ledger.claim import clock_ms
from sendwright.ledger.model import (
    Attempt,
    Composed,
    Delivery,
    DeliveryState,
    Dropped,
    Intent,
    Lease,
    NewEvent,
    Outcome,
    Part,
    SendState,
    Settlement,
)
from sendwright.ledger.rules import (
    FINAL_DELIVERIES,
    DeliveryEvent,
    SendEvent,
    delivery_after,
    guard_of,
    send_after,
    state_after,
    states_before,
)
from sendwright.ledger.shelves import erase
from sendwright.ledger.tables import attempts, deliveries, events, payloads, sends


class Late(Exception):
    """Another worker holds the row by now: this one was too slow, and its write must not happen."""


def record(conn: Connection, facts: Sequence[NewEvent]) -> None:
    """Appends events."""
    if facts:
        conn.execute(events.insert(), [_event_row(fact) for fact in facts])


def compose(conn: Connection, items: Sequence[Composed], lease_ms: int) -> None:
    """The sends are queued; their deliveries begin, leased to the worker that composed them. Raises :class:`Late`."""
    if not items:
        return
    _guarded(
        conn,
        _COMPOSE,
        [
            {
                **_fence(item.send.account_id, item.send.id, item.send.lease), "v_campaign": item.campaign_id,
                "v_contact": item.contact_id, "v_sender": item.sender, "v_subject": item.subject,
            }
            for item in items
        ],
    )  # fmt: skip
    looked_up = [
        {"k_account": i.send.account_id, "k_id": i.send.id, "v_snapshot": i.snapshot} for i in items if i.snapshot
    ]
    if looked_up:
        conn.execute(_SNAPSHOT, looked_up)
    until = conn.execute(select(clock_ms(conn) + lease_ms)).scalar_one()
    conn.execute(deliveries.insert(), [row for item in items for row in _delivery_rows(item, until)])
    record(conn, [item.event for item in items])


def drop(conn: Connection, items: Sequence[Dropped]) -> None:
    """The sends end here, each with its reason; their payloads are erased. Raises :class:`Late`."""
    if not items:
        return
    _guarded(
        conn,
        _DROP,
        [
            {
                **_fence(item.send.account_id, item.send.id, item.send.lease), "v_result": item.result,
                "v_explanation": item.explanation, "v_completed": item.now, "v_campaign": item.campaign_id,
                "v_contact": item.contact_id,
            }
            for item in items
        ],
    )  # fmt: skip
    erase(conn, [item.send for item in items])
    record(conn, [item.event for item in items])


def intend(conn: Connection, items: Sequence[Intent]) -> None:
    """Records that each worker is about to write the final dot. Raises :class:`Late`: then it must not."""
    _guarded(
        conn,
        _INTEND,
        [
            {
                **_fence(item.delivery.account_id, item.delivery.id, item.delivery.lease),
                "v_attempt": item.attempt_id, "v_host": item.host, "v_at": item.at,
            }
            for item in items
        ],
    )  # fmt: skip


def settle(conn: Connection, items: Sequence[Settlement]) -> None:
    """What the attempts came to: deliveries, attempts, events, and the sends they end. Raises :class:`Late`."""
    ended = {(i.delivery.account_id, i.delivery.send_id) for i in items if i.due is None}
    _lock_sends(conn, ended)
    for outcome in Outcome:
        same = [item for item in items if item.attempt.outcome is outcome]
        if same:
            _guarded(conn, _SETTLE[outcome], [_settle_row(item) for item in same])
    tried = [_attempt_row(item.attempt) for item in items if item.attempt.outcome is not Outcome.RELEASED]
    if tried:
        conn.execute(attempts.insert(), tried)
    record(conn, [event for item in items for event in item.events])
    _tell_sends(conn, items)
    _finish(conn, [item.delivery for item in items if item.due is None])


def release(conn: Connection, held: Sequence[Delivery], now: datetime) -> None:
    """Deliveries whose turn did not come are free again at once, as they were. Raises :class:`Late`."""
    rows = [
        {
            **_fence(delivery.account_id, delivery.id, delivery.lease), "v_due": now, "v_charge": 0,
            "v_explanation": None,
        }
        for delivery in held
    ]  # fmt: skip
    _guarded(conn, _SETTLE[Outcome.RELEASED], rows)


def append_late(conn: Connection, item: Settlement) -> bool:
    """A result that came after the lease was lost: kept among the attempts, so that nothing known is forgotten.

    A success ends the delivery too, unless its next attempt is past its own intent by now. Whether it did.
    """
    row = _attempt_row(item.attempt)
    insert = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    conn.execute(
        insert(attempts)
        .values(row)
        .on_conflict_do_update(index_elements=[attempts.c.account_id, attempts.c.id], set_=row)
    )
    return item.attempt.outcome is Outcome.DELIVERED and _end_late(conn, item)


def _end_late(conn: Connection, item: Settlement) -> bool:
    delivery = item.delivery
    told = {
        "k_account": delivery.account_id,
        "k_id": delivery.id,
        "v_explanation": item.attempt.explanation,
    }
    ended = [(delivery.account_id, delivery.send_id)]
    _lock_sends(conn, ended)
    if not conn.execute(_LATE, told).rowcount:
        return False
    record(conn, item.events)
    _tell_sends(conn, [item])
    _finish(conn, [delivery])
    return True


def _tell_sends(conn: Connection, items: Sequence[Settlement]) -> None:
    rows = [_result_row(item) for item in items if item.result is not None and item.delivery.part is Part.TO]
    if rows:
        conn.execute(_RESULT, rows)


def _lock_sends(conn: Connection, ids: Collection[tuple[int, str]]) -> None:
    """The last two recipients of a send, settled at once by two writers, would each leave the send open for the other.

    SQLite has one writer, and needs no lock.
    """
    if ids and conn.dialect.name == "postgresql":
        conn.execute(_LOCK, {"k_sends": list(ids)})


def _finish(conn: Connection, ended: Sequence[Delivery]) -> None:
    """Sends none of whose deliveries is open become final, and their payloads are erased."""
    if ended:
        of_sends = {(delivery.account_id, delivery.send_id): delivery for delivery in ended}
        conn.execute(_FINISH, [{"k_account": account, "k_id": send} for account, send in of_sends])
        erase(conn, list(of_sends.values()))


def _guarded(conn: Connection, statement: Any, rows: list[dict[str, Any]]) -> None:
    if rows and conn.execute(statement, rows).rowcount != len(rows):
        raise Late


def _fence(account_id: int, row_id: str, lease: Lease) -> dict[str, Any]:
    return {"k_account": account_id, "k_id": row_id, "k_owner": lease.owner, "k_epoch": lease.epoch}


def _held(table: Table, *states: str) -> Any:
    """The fence: this row, in one of these states, under this lease."""
    c = table.c
    return and_(
        c.account_id == bindparam("k_account"), c.id == bindparam("k_id"), c.lease_owner == bindparam("k_owner"),
        c.lease_epoch == bindparam("k_epoch"), c.state.in_(literal(state) for state in states),
    )  # fmt: skip


_COMPOSE = (
    update(sends)
    .where(_held(sends, SendState.COMPOSING))
    .values(
        state=send_after(SendState.COMPOSING, SendEvent.COMPOSED), campaign_id=bindparam("v_campaign"),
        contact_id=bindparam("v_contact"), sender=bindparam("v_sender"), subject=bindparam("v_subject"),
    )
)  # fmt: skip

_SNAPSHOT = (
    update(payloads)
    .where(payloads.c.account_id == bindparam("k_account"), payloads.c.send_id == bindparam("k_id"))
    .values(snapshot=bindparam("v_snapshot"))
)

_DROP = (
    update(sends)
    .where(_held(sends, SendState.COMPOSING))
    .values(
        state=send_after(SendState.COMPOSING, SendEvent.DROP), result=bindparam("v_result"),
        explanation=bindparam("v_explanation"), completed_at=bindparam("v_completed"),
        campaign_id=bindparam("v_campaign"), contact_id=bindparam("v_contact"),
    )
)  # fmt: skip

_INTEND = (
    update(deliveries)
    .where(_held(deliveries, *states_before(DeliveryEvent.INTEND)))
    .values(
        state=delivery_after(DeliveryState.LEASED, DeliveryEvent.INTEND), attempt_id=bindparam("v_attempt"),
        attempt_host=bindparam("v_host"), attempt_at=bindparam("v_at"),
    )
)  # fmt: skip


def _settle_statement(outcome: Outcome) -> Any:
    return (
        update(deliveries)
        .where(_held(deliveries, *guard_of(outcome)))
        .values(
            state=state_after(outcome), due=bindparam("v_due"), tries=deliveries.c.tries + bindparam("v_charge"),
            explanation=bindparam("v_explanation"), lease_owner=None, lease_until=None,
        )
    )  # fmt: skip


_SETTLE = {outcome: _settle_statement(outcome) for outcome in Outcome}

_LATE = (
    update(deliveries)
    .where(
        deliveries.c.account_id == bindparam("k_account"),
        deliveries.c.id == bindparam("k_id"),
        deliveries.c.state.in_(literal(state) for state in states_before(DeliveryEvent.TOLD_LATE)),
    )
    .values(
        state=delivery_after(DeliveryState.IN_DOUBT, DeliveryEvent.TOLD_LATE), due=None, lease_owner=None,
        lease_until=None, explanation=bindparam("v_explanation"),
    )
)  # fmt: skip

_RESULT = (
    update(sends)
    .where(sends.c.account_id == bindparam("k_account"), sends.c.id == bindparam("k_id"))
    .values(
        result=bindparam("v_result"), explanation=bindparam("v_explanation"), completed_at=bindparam("v_completed"),
        sent_event_id=func.coalesce(sends.c.sent_event_id, bindparam("v_sent_id")),
        sent_event_at=func.coalesce(sends.c.sent_event_at, bindparam("v_sent_at", type_=sends.c.sent_event_at.type)),
    )
)  # fmt: skip


def _still_open() -> ColumnElement[bool]:
    """A delivery of the send waits for an outcome. Prepared once: building a statement costs more than running it."""
    d = deliveries.c
    ended: list[ColumnElement[str]] = [literal_column(f"'{state.value}'") for state in FINAL_DELIVERIES]
    return exists().where(d.account_id == bindparam("k_account"), d.send_id == bindparam("k_id"), d.state.not_in(ended))


_FINISH = (
    update(sends)
    .where(
        sends.c.account_id == bindparam("k_account"),
        sends.c.id == bindparam("k_id"),
        sends.c.state == literal(SendState.QUEUED.value),
        ~_still_open(),
    )
    .values(state=send_after(SendState.QUEUED, SendEvent.ALL_SETTLED))
)

_LOCK = (
    select(sends.c.id)
    .where(tuple_(sends.c.account_id, sends.c.id).in_(bindparam("k_sends", expanding=True)))
    .order_by(sends.c.account_id, sends.c.id)  # everybody in one order: no deadlock
    .with_for_update()
)


def _delivery_rows(item: Composed, until: int) -> list[dict[str, Any]]:
    send = item.send
    return [
        {
            "account_id": send.account_id, "id": new.id, "send_id": send.id, "recipient": new.recipient,
            "part": new.part, "domain": new.domain, "stream": send.stream,
            "state": delivery_after(DeliveryState.WAITING, DeliveryEvent.CLAIM), "accepted_at": send.requested_at,
            "lease_owner": send.lease.owner, "lease_epoch": 1, "lease_until": until,
        }
        for new in item.deliveries
    ]  # fmt: skip


def _settle_row(item: Settlement) -> dict[str, Any]:
    return {
        **_fence(item.delivery.account_id, item.delivery.id, item.delivery.lease), "v_due": item.due,
        "v_charge": int(item.charged), "v_explanation": item.attempt.explanation,
    }  # fmt: skip


def _result_row(item: Settlement) -> dict[str, Any]:
    return {
        "k_account": item.delivery.account_id, "k_id": item.delivery.send_id, "v_result": item.result,
        "v_explanation": item.attempt.explanation, "v_completed": item.attempt.ended_at,
        "v_sent_id": item.delivery.sent_id, "v_sent_at": item.delivery.sent_at,
    }  # fmt: skip


def _attempt_row(attempt: Attempt) -> dict[str, Any]:
    return {
        "account_id": attempt.account_id, "id": attempt.id, "send_id": attempt.send_id,
        "delivery_id": attempt.delivery_id, "recipient": attempt.recipient, "number": attempt.number,
        "outcome": attempt.outcome, "started_at": attempt.started_at, "ended_at": attempt.ended_at,
        "host": attempt.host, "ip": attempt.ip, "tls": attempt.tls, "stage": attempt.stage, "code": attempt.code,
        "status": attempt.status, "reply": attempt.reply, "explanation": attempt.explanation,
        "dialogue": attempt.dialogue,
    }  # fmt: skip


def _event_row(event: NewEvent) -> dict[str, Any]:
    return {
        "account_id": event.account_id, "id": event.id, "type": event.type, "created": event.created,
        "send_id": event.send_id, "recipient": event.recipient, "campaign_id": event.campaign_id,
        "app_id": event.app_id, "facts": dict(event.facts), "sent_id": event.sent_id, "sent_at": event.sent_at,
    }  # fmt: skip
