"""A cast for ledger tests: sends and outcomes with everything filled in."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

from sendwright import database, ledger

LEASE = timedelta(seconds=120)
_numbers = itertools.count(1)


def new_send(
    now: datetime, *, account_id: int = 1, keys: tuple[ledger.Key, ...] = (), payload: bytes = b"{}"
) -> ledger.NewSend:
    return ledger.NewSend(
        account_id=account_id, id=ledger.SendId(database.uuid7(now)), requested_at=now, stream="transactional",
        email_id=7, app_id=1, token_id=None, recipient="ann@example.org", payload=payload,
        payload_hash=payload.hex()[:64], keys=keys,
    )  # fmt: skip


def send_id_key(text: str) -> tuple[ledger.Key, ...]:
    return (ledger.Key(kind=ledger.KeyKind.SEND_ID, digest=text),)


def retry_key(text: str, *, repeated: bool) -> tuple[ledger.Key, ...]:
    return (ledger.Key(kind=ledger.KeyKind.RETRY, digest=text, repeated=repeated),)


def event(send: ledger.ClaimedSend | ledger.Delivery, type_: ledger.EventType, now: datetime) -> ledger.NewEvent:
    send_id = send.id if isinstance(send, ledger.ClaimedSend) else send.send_id
    return ledger.NewEvent(
        account_id=send.account_id, id=database.uuid7(now), type=type_, created=now,
        send_id=ledger.SendId(send_id), recipient=send.recipient, campaign_id=9, app_id=1,
    )  # fmt: skip


def composed(send: ledger.ClaimedSend, now: datetime, recipients: int = 1) -> ledger.Composed:
    return ledger.Composed(
        send=send, now=now, campaign_id=9, contact_id=101, sender="shop@example.com", subject="Hello", snapshot=b"{}",
        deliveries=tuple(new_delivery(n, now) for n in range(recipients)),
        event=event(send, ledger.EventType.PROCESSED, now),
    )  # fmt: skip


def new_delivery(number: int, now: datetime) -> ledger.NewDelivery:
    return ledger.NewDelivery(
        id=ledger.DeliveryId(database.uuid7(now)), recipient=f"person{number}@example.org",
        part=ledger.Part.TO if number == 0 else ledger.Part.CC, domain="example.org",
    )  # fmt: skip


def dropped(send: ledger.ClaimedSend, now: datetime) -> ledger.Dropped:
    return ledger.Dropped(
        send=send, now=now, result=ledger.SendResult.MISSING_CONTENT, explanation="No such e-mail.", campaign_id=None,
        contact_id=None, event=event(send, ledger.EventType.DROPPED, now),
    )  # fmt: skip


def held(send: ledger.ClaimedSend, new: ledger.NewDelivery, epoch: int = 1) -> ledger.Delivery:
    """The delivery as the worker that composed it holds it."""
    return ledger.Delivery(
        account_id=send.account_id, id=new.id, send_id=send.id, lease=ledger.Lease(owner=send.lease.owner, epoch=epoch),
        recipient=new.recipient, part=new.part, domain=new.domain, stream=send.stream, tries=0,
        accepted_at=send.requested_at, email_id=7, campaign_id=9, app_id=1, payload=send.payload, snapshot=b"{}",
        sent_id=None, sent_at=None,
    )  # fmt: skip


def intent(delivery: ledger.Delivery, now: datetime) -> ledger.Intent:
    return ledger.Intent(
        delivery=delivery, attempt_id=ledger.AttemptId(database.uuid7(now)), host="mx.example.org", at=now
    )


_RESULTS = {
    ledger.Outcome.DELIVERED: ledger.SendResult.SENT,
    ledger.Outcome.FAILED: ledger.SendResult.UNDELIVERABLE,
}


def settlement(
    delivery: ledger.Delivery,
    outcome: ledger.Outcome,
    now: datetime,
    *,
    due: datetime | None = None,
    attempt_id: str | None = None,
) -> ledger.Settlement:
    result = _RESULTS.get(outcome, ledger.SendResult.QUEUED)
    attempt = ledger.Attempt(
        account_id=delivery.account_id, id=ledger.AttemptId(attempt_id or database.uuid7(now)),
        send_id=delivery.send_id, delivery_id=delivery.id, recipient=delivery.recipient,
        number=delivery.tries + 1, outcome=outcome,
        started_at=now, ended_at=now, host="mx.example.org", ip="192.0.2.1", tls="TLSv1.3", stage="final", code=250,
        status="2.0.0", reply="250 2.0.0 ok", explanation=f"It was {outcome}.", dialogue=((0, "S", "220 hi"),),
    )  # fmt: skip
    return ledger.Settlement(
        delivery=delivery, attempt=attempt, due=due, charged=True, result=result,
        events=(event(delivery, ledger.EventType.SENT, now),),
    )  # fmt: skip
