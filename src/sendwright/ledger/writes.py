"""What a worker writes, each for many rows at once: the statements, and the rows they are given."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    Integer,
    SmallInteger,
    String,
    Subquery,
    Table,
    and_,
    case,
    exists,
    func,
    literal_column,
    null,
    or_,
    update,
)

from sendwright.database import Moment, Prepared, Row
from sendwright.ledger.model import (
    Attempt,
    ClaimedSend,
    Composed,
    DeliveryState,
    Dropped,
    Intent,
    Lease,
    NewDelivery,
    NewEvent,
    Outcome,
    SendResult,
    SendState,
    Settlement,
)
from sendwright.ledger.queue_words import Hold
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
from sendwright.ledger.tables import attempts, deliveries, events, payloads, sends

_KEY: dict[str, Any] = {"k_account": BigInteger(), "k_id": String()}
_FENCE: dict[str, Any] = {**_KEY, "k_owner": String(), "k_epoch": Integer()}


_HELD_IN_DOUBT = (
    "The answer to the whole message was lost: it may have arrived. As its sender asked, it is held and not repeated: "
    "release it to send it again, or cancel it."
)


def _literal(state: SendState | DeliveryState) -> ColumnElement[str]:
    return literal_column(f"'{state.value}'", String())


def _is(table: Table, given: Subquery) -> ColumnElement[bool]:
    return and_(table.c.account_id == given.c.k_account, table.c.id == given.c.k_id)


def _held(table: Table, given: Subquery, *states: SendState | DeliveryState) -> ColumnElement[bool]:
    """The fence: this row, in one of these states, under this lease."""
    c = table.c
    return and_(
        c.account_id == given.c.k_account, c.id == given.c.k_id, c.lease_owner == given.c.k_owner,
        c.lease_epoch == given.c.k_epoch, c.state.in_([_literal(state) for state in states]),
    )  # fmt: skip


COMPOSE = Prepared(
    {**_FENCE, "campaign": BigInteger(), "contact": BigInteger(), "sender": String(), "subject": String()},
    lambda given: (
        update(sends)
        .where(_held(sends, given, SendState.COMPOSING))
        .values(
            state=_literal(send_after(SendState.COMPOSING, SendEvent.COMPOSED)), campaign_id=given.c.campaign,
            contact_id=given.c.contact, sender=given.c.sender, subject=given.c.subject, explanation=null(),
        )
    ),
)  # fmt: skip

FAULT = Prepared(
    {**_FENCE, "explanation": String()},
    lambda given: update(sends).where(_held(sends, given, SendState.COMPOSING)).values(explanation=given.c.explanation),
)

SNAPSHOT = Prepared(
    {"k_account": BigInteger(), "k_id": String(), "snapshot": payloads.c.snapshot.type},
    lambda given: (
        update(payloads)
        .where(payloads.c.account_id == given.c.k_account, payloads.c.send_id == given.c.k_id)
        .values(snapshot=given.c.snapshot)
    ),
)

DROP = Prepared(
    {
        **_FENCE, "result": String(), "explanation": String(), "completed": Moment(), "campaign": BigInteger(),
        "contact": BigInteger(),
    },
    lambda given: (
        update(sends)
        .where(_held(sends, given, SendState.COMPOSING))
        .values(
            state=_literal(send_after(SendState.COMPOSING, SendEvent.DROP)), result=given.c.result,
            explanation=given.c.explanation, completed_at=given.c.completed, campaign_id=given.c.campaign,
            contact_id=given.c.contact,
        )
    ),
)  # fmt: skip

INTEND = Prepared(
    {**_FENCE, "attempt": String(), "host": String(), "at": Moment()},
    lambda given: (
        update(deliveries)
        .where(_held(deliveries, given, *states_before(DeliveryEvent.INTEND)))
        .values(
            state=_literal(delivery_after(DeliveryState.LEASED, DeliveryEvent.INTEND)), attempt_id=given.c.attempt,
            attempt_host=given.c.host, attempt_at=given.c.at,
        )
    ),
)  # fmt: skip


def _settled(outcome: Outcome) -> Prepared:
    def say(given: Subquery) -> Executable:
        return (
            update(deliveries)
            .where(_held(deliveries, given, *guard_of(outcome)))
            .values(
                state=_literal(state_after(outcome)), due=given.c.due, tries=deliveries.c.tries + given.c.charge,
                explanation=given.c.explanation, site=func.coalesce(given.c.site, deliveries.c.site),
                lane=given.c.lane, lease_owner=null(), lease_until=null(),
            )
        )  # fmt: skip

    columns: dict[str, Any] = {
        "due": Moment(),
        "charge": SmallInteger(),
        "explanation": String(),
        "site": String(),
        "lane": String(),
    }
    return Prepared({**_FENCE, **columns}, say)


MOVE = Prepared(
    {**_FENCE, "egress": String()},
    lambda given: (
        update(deliveries)
        .where(_held(deliveries, given, *states_before(DeliveryEvent.RELEASE)))
        .values(egress=given.c.egress)
    ),
)

SETTLE = {outcome: _settled(outcome) for outcome in Outcome}

LATE = Prepared(
    {**_KEY, "explanation": String()},
    lambda given: (
        update(deliveries)
        .where(
            _is(deliveries, given),
            deliveries.c.state.in_([_literal(state) for state in states_before(DeliveryEvent.TOLD_LATE)]),
        )
        .values(
            state=_literal(delivery_after(DeliveryState.IN_DOUBT, DeliveryEvent.TOLD_LATE)), due=null(),
            lease_owner=null(), lease_until=null(), explanation=given.c.explanation, lane=null(), hold=null(),
        )
    ),
)  # fmt: skip

STEP_ASIDE = Prepared(
    {**_KEY, "lane": String()},
    lambda given: update(deliveries).where(_is(deliveries, given)).values(lane=given.c.lane),
)

HOLD_DOUBTFUL = Prepared(
    _KEY,
    lambda given: (
        update(deliveries)
        .where(_is(deliveries, given), deliveries.c.state == _literal(DeliveryState.IN_DOUBT))
        .values(
            state=_literal(delivery_after(DeliveryState.IN_DOUBT, DeliveryEvent.HOLD)),
            hold=literal_column(f"'{Hold.IN_DOUBT.value}'", String()),
            explanation=literal_column(f"'{_HELD_IN_DOUBT}'", String()),
        )
    ),
)  # fmt: skip

RESULT = Prepared(
    {
        **_KEY, "result": String(), "explanation": String(), "completed": Moment(), "sent_id": String(),
        "sent_at": Moment(),
    },
    lambda given: (
        update(sends)
        .where(_is(sends, given))
        .values(
            result=given.c.result, explanation=given.c.explanation, completed_at=given.c.completed,
            sent_event_id=func.coalesce(sends.c.sent_event_id, given.c.sent_id),
            sent_event_at=func.coalesce(sends.c.sent_event_at, given.c.sent_at),
        )
    ),
)  # fmt: skip


def _still_open(given: Subquery) -> ColumnElement[bool]:
    """A delivery of the send waits for an outcome."""
    d = deliveries.c
    ended = [_literal(state) for state in sorted(FINAL_DELIVERIES)]
    return exists().where(d.account_id == given.c.k_account, d.send_id == given.c.k_id, d.state.not_in(ended))


def _was_taken_back() -> ColumnElement[bool]:
    """All deliveries have ended, and still the one that counts told nothing final."""
    return or_(sends.c.result.is_(None), sends.c.result == literal_column(f"'{SendResult.QUEUED.value}'", String()))


FINISH = Prepared(
    _KEY,
    lambda given: (
        update(sends)
        .where(_is(sends, given), sends.c.state == _literal(SendState.QUEUED), ~_still_open(given))
        .values(
            state=case(
                (_was_taken_back(), _literal(send_after(SendState.QUEUED, SendEvent.CANCEL))),
                else_=_literal(send_after(SendState.QUEUED, SendEvent.ALL_SETTLED)),
            )
        )
    ),
)

DELIVERIES = Prepared.into(
    deliveries, "account_id", "id", "send_id", "recipient", "part", "domain", "stream", "state", "accepted_at",
    "lease_owner", "lease_epoch", "lease_until", "egress", "due", "hold", "explanation",
)  # fmt: skip

ATTEMPTS = Prepared.into(
    attempts, "account_id", "id", "send_id", "delivery_id", "recipient", "number", "outcome", "started_at", "ended_at",
    "host", "ip", "tls", "stage", "code", "status", "reply", "explanation", "dialogue",
)  # fmt: skip

EVENTS = Prepared.into(
    events, "account_id", "id", "type", "created", "send_id", "recipient", "campaign_id", "app_id", "facts", "sent_id",
    "sent_at",
)  # fmt: skip

_BEGUN = delivery_after(DeliveryState.WAITING, DeliveryEvent.CLAIM).value
_WAITING = DeliveryState.WAITING.value


def fence(account_id: int, row_id: str, lease: Lease) -> Row:
    """Which row, and under which lease it is held."""
    return (account_id, row_id, lease.owner, lease.epoch)


def composed_row(item: Composed) -> Row:
    """For ``COMPOSE``."""
    send = item.send
    return (
        send.account_id, send.id, send.lease.owner, send.lease.epoch, item.campaign_id, item.contact_id, item.sender,
        item.subject,
    )  # fmt: skip


def dropped_row(item: Dropped) -> Row:
    """For ``DROP``."""
    return (
        *fence(item.send.account_id, item.send.id, item.send.lease), item.result.value, item.explanation, item.now,
        item.campaign_id, item.contact_id,
    )  # fmt: skip


def delivery_rows(item: Composed, until: int) -> list[Row]:
    """For ``DELIVERIES``: they begin leased to the worker that composed them."""
    return [_delivery_row(item.send, new, until) for new in item.deliveries]


def _delivery_row(send: ClaimedSend, new: NewDelivery, until: int) -> Row:
    lease: Row = (send.lease.owner, 1, until) if begins_leased(new) else (None, 0, None)
    return (
        send.account_id, new.id, send.id, new.recipient, new.part.value, new.domain, send.stream, _first_state(new),
        send.requested_at, *lease, new.egress, new.due, new.hold, new.explanation,
    )  # fmt: skip


def begins_leased(new: NewDelivery) -> bool:
    """Whether the worker that composed it tries it at once."""
    return new.due is None and new.hold is None


def _first_state(new: NewDelivery) -> str:
    if new.hold is not None:
        return delivery_after(DeliveryState.WAITING, DeliveryEvent.HOLD).value
    return _BEGUN if new.due is None else DeliveryState.WAITING.value


def intent_row(item: Intent) -> Row:
    """For ``INTEND``."""
    held = item.delivery
    return (
        held.account_id, held.id, held.lease.owner, held.lease.epoch, item.attempt_id, item.host, item.at
    )  # fmt: skip


def settled_row(item: Settlement) -> Row:
    """For ``SETTLE``."""
    held = item.delivery
    return (
        held.account_id, held.id, held.lease.owner, held.lease.epoch, item.due, int(item.charged),
        item.attempt.explanation, item.site, None,
    )  # fmt: skip


def result_row(item: Settlement) -> Row:
    """For ``RESULT``."""
    held, sent = item.delivery, item.sent
    return (
        held.account_id, held.send_id, None if item.result is None else item.result.value, item.attempt.explanation,
        item.attempt.ended_at, *((None, None) if sent is None else (sent.id, sent.at)),
    )  # fmt: skip


def attempt_row(made: Attempt) -> Row:
    """For ``ATTEMPTS``."""
    return (
        made.account_id, made.id, made.send_id, made.delivery_id, made.recipient, made.number, made.outcome.value,
        made.started_at, made.ended_at, made.host, made.ip, made.tls, made.stage, made.code, made.status, made.reply,
        made.explanation, made.dialogue,
    )  # fmt: skip


def event_row(event: NewEvent) -> Row:
    """For ``EVENTS``."""
    return (
        event.account_id, event.id, event.type.value, event.created, event.send_id, event.recipient,
        event.campaign_id, event.app_id, dict(event.facts), event.sent_id, event.sent_at,
    )  # fmt: skip
