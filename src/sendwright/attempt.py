"""The story of an attempt: one delivery is handed over, judged and settled.

1. The parcel goes to its route; before the final dot the intent is recorded, or the dot is not written.
2. What came of it is judged: delivered, again later, given up, in doubt.
3. The verdict is settled in one transaction: delivery, attempt, events, timeline, suppression, and the notice by mail
   if the sender asked for one.

A settlement that cannot be recorded is tried until it can: what is known must not be forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from pydantic import ConfigDict, TypeAdapter, ValidationError

from sendwright import crm, database, egresses, feedback, ledger, mail, outbound
from sendwright.composing import notices
from sendwright.failpoints import failpoint

log = structlog.get_logger()

_RECORD_AGAIN = 0.5  # seconds

_RESULTS = {
    ledger.Outcome.DELIVERED: ledger.SendResult.SENT,
    ledger.Outcome.DEFERRED: ledger.SendResult.QUEUED,
    ledger.Outcome.FAILED: ledger.SendResult.UNDELIVERABLE,
    ledger.Outcome.IN_DOUBT: ledger.SendResult.QUEUED,
}
_ACTIONS: dict[ledger.Outcome, mail.Action] = {ledger.Outcome.DELIVERED: "relayed", ledger.Outcome.FAILED: "failed"}
_COUNTED = {
    ledger.Outcome.DELIVERED: egresses.Result.DELIVERED,
    ledger.Outcome.DEFERRED: egresses.Result.DEFERRED,
    ledger.Outcome.FAILED: egresses.Result.BOUNCED,
}
_LATER = outbound.TryAgain | outbound.InDoubt
_STATUSES = {
    ledger.Outcome.DELIVERED: crm.ActivityStatus.DELIVERED,
    ledger.Outcome.FAILED: crm.ActivityStatus.BOUNCED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where attempts are made. ``trouble`` is told whether outcomes can be recorded at present (the stop rule)."""

    db: database.Database
    post: outbound.Post
    now: Callable[[], datetime]
    chance: Callable[[], float]
    trouble: Callable[[bool], None]
    may_end: Callable[[ledger.Delivery], bool] = lambda delivery: True
    """Whether enough of the lease is left to write the final dot; asked right before it."""
    journal: database.Journal | None = None
    """Where outcomes wait that the database cannot take; None where the database is on the same disk."""
    hostname: str = "localhost"
    """Our name, in notices."""
    doubt_wait: timedelta = ledger.IN_DOUBT_WAIT
    """How long an attempt whose answer was lost rests."""
    give_up_after: timedelta = timedelta(hours=120)
    duplicate_policy: ledger.DuplicatePolicy = ledger.DuplicatePolicy.RETRY
    """Both where the sender asked for nothing."""
    lifetimes: feedback.Lifetimes = feedback.FOR_EVER
    """For how long an address that bounced is not mailed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """All that one attempt changes."""

    settlement: ledger.Settlement
    activity: crm.ActivityUpdate | None
    suppression: feedback.Suppression | None
    failure: feedback.SoftFailure | None = None
    """What counts against the address only when it adds up."""
    notice: ledger.NewSend | None = None


async def attempt(desk: Desk, delivery: ledger.Delivery, parcel: outbound.Parcel) -> None:
    """One delivery's turn."""
    attempt_id = ledger.AttemptId(database.uuid7(desk.now()))

    intended = False

    async def before_dot(peer: outbound.Peer) -> bool:
        nonlocal intended
        intended = intended or await _intend(desk, delivery, attempt_id, peer)
        return intended and _may_end(desk, delivery)

    handover = await desk.post.deliver(parcel, tries=delivery.tries, before_dot=before_dot)
    verdict = outbound.judge(
        handover,
        tries=delivery.tries,
        accepted_at=delivery.accepted_at,
        now=desk.now(),
        chance=desk.chance(),
        max_age=delivery.terms.give_up_after or desk.give_up_after,
        doubt_wait=desk.doubt_wait,
    )
    settled = settled_by(
        delivery, attempt_id, handover, verdict, usual=desk.duplicate_policy, lifetimes=desk.lifetimes
    )  # fmt: skip
    if parcel.notify is not None:
        settled = replace(settled, notice=_notice(desk, delivery, parcel, parcel.notify, settled.settlement, handover))
    await _settle(desk, settled)


async def put_off(desk: Desk, delivery: ledger.Delivery, due: datetime, why: str) -> None:
    """Gives a delivery back that cannot begin now; it is charged nothing."""
    try:
        await desk.db.write(ledger.put_off, delivery, due, why)
    except ledger.Late:
        log.warning("put_off_too_late", delivery=delivery.id)


def settled_by(
    delivery: ledger.Delivery,
    attempt_id: ledger.AttemptId,
    handover: outbound.Handover,
    verdict: outbound.Verdict,
    *,
    usual: ledger.DuplicatePolicy = ledger.DuplicatePolicy.RETRY,
    lifetimes: feedback.Lifetimes = feedback.FOR_EVER,
) -> Settled:
    """What a verdict changes: the delivery and its send, the timeline, the suppressions."""
    outcome = _outcome(verdict)
    made = _attempt(delivery, attempt_id, handover, verdict, outcome)
    charged = not isinstance(verdict, outbound.TryAgain) or verdict.charged
    to = delivery.part is ledger.Part.TO
    status = _STATUSES.get(outcome)
    sent = _sent(delivery, handover) if to and charged else None
    settlement = ledger.Settlement(
        delivery=delivery, attempt=made, due=verdict.at if isinstance(verdict, _LATER) else None, charged=charged,
        result=_RESULTS[outcome] if charged or made.code is not None else None,  # what a server said is told
        events=() if sent is None else _events(delivery, made, verdict, sent), sent=sent,
        hold=(delivery.terms.duplicate_policy or usual) is ledger.DuplicatePolicy.HOLD,
    )  # fmt: skip
    return Settled(
        settlement=settlement,
        activity=crm.ActivityUpdate(account_id=delivery.account_id, send_id=delivery.send_id, status=status)
        if to and status
        else None,
        suppression=_suppression(delivery, made, lifetimes)
        if isinstance(verdict, outbound.GaveUp) and verdict.bad_address
        else None,
        failure=_failure(delivery, made, verdict, lifetimes) if isinstance(verdict, outbound.GaveUp) else None,
    )


async def _intend(desk: Desk, delivery: ledger.Delivery, attempt_id: ledger.AttemptId, peer: outbound.Peer) -> bool:
    intent = ledger.Intent(delivery=delivery, attempt_id=attempt_id, host=peer.host, at=desk.now())
    try:
        await desk.db.write_in_company(_intend_all, intent)
    except ledger.Late:
        log.warning("lease_lost_before_the_dot", delivery=delivery.id)
        return False
    except database.Unavailable:
        desk.trouble(True)
        return False
    return True


def _may_end(desk: Desk, delivery: ledger.Delivery) -> bool:
    """After the intent, as its commit takes time: who was frozen meanwhile must not write the dot."""
    failpoint("S4")
    if desk.may_end(delivery):
        return True
    log.warning("too_little_lease_left_for_the_dot", delivery=delivery.id)
    return False


async def replay(desk: Desk, left: database.Left) -> None:
    """Records what a process that is gone could not. Raises ``database.Unavailable``: then it is to be tried again.

    However often it is done, it is done once: the ledger knows from the lease and the attempt's id what it has.
    """
    for record in left.records:
        try:
            settled = decoded(record)
        except ValidationError as fault:  # of another version: for a person to look at, so it is not erased
            log.error("journal_not_understood", file=str(left.file), faults=fault.error_count())
            return
        await _record(desk, settled)
    left.erase()
    log.warning("journal_replayed", file=left.file.name, outcomes=len(left.records))


def encoded(settled: Settled) -> bytes:
    """As it stands in the journal: JSON, without what only composing needs."""
    settlement = settled.settlement
    bare = replace(settlement.delivery, payload=b"", snapshot=b"")
    return _JOURNALED.dump_json((replace(settled, settlement=replace(settlement, delivery=bare)),))


def decoded(record: bytes) -> Settled:
    """The other way. Raises ``pydantic.ValidationError``."""
    return _JOURNALED.validate_json(record)[0]


_JOURNALED = TypeAdapter(
    tuple[Settled], config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", defer_build=True)
)


async def _settle(desk: Desk, settled: Settled) -> None:
    failpoint("S6")
    async with database.kept_until_recorded(
        desk.journal, lambda: encoded(settled), lambda: desk.trouble(True)
    ) as keep:  # fmt: skip
        while True:
            try:
                await _record(desk, settled)
            except database.Unavailable as fault:
                log.error("outcome_not_recorded", delivery=settled.settlement.delivery.id, fault=str(fault))
                desk.trouble(True)
                await keep()
                await asyncio.sleep(_RECORD_AGAIN)
            else:
                desk.trouble(False)
                failpoint("S7")
                return


async def _record(desk: Desk, settled: Settled) -> None:
    try:
        await desk.db.write_in_company(_settle_all, settled)
    except ledger.Late:
        log.warning("settled_too_late", delivery=settled.settlement.delivery.id)
        await desk.db.write(_settle_late, settled)


def _intend_all(conn: database.Connection, intents: Sequence[ledger.Intent]) -> Sequence[None]:
    ledger.intend(conn, intents)
    return [None] * len(intents)


def _settle_all(conn: database.Connection, items: Sequence[Settled]) -> Sequence[None]:
    ledger.settle(conn, [item.settlement for item in items])
    crm.update_activities(conn, [item.activity for item in items if item.activity is not None])
    feedback.suppress(conn, [item.suppression for item in items if item.suppression is not None])
    _count_failures(conn, items)
    told = [item.notice for item in items if item.notice is not None]
    if told:
        ledger.accept(conn, told)
    _count(conn, [item.settlement for item in items if item.settlement.delivery.egress])
    return [None] * len(items)


def _count(conn: database.Connection, settled: Sequence[ledger.Settlement]) -> None:
    """For egresses that are warmed up. Last in the transaction: others wait for these rows."""
    returned = [
        egresses.Returned(
            account_id=each.delivery.account_id, egress=each.delivery.egress, domain=each.delivery.domain,
            result=_COUNTED[each.attempt.outcome],
        )
        for each in settled
        if each.attempt.outcome in _COUNTED and each.charged
    ]  # fmt: skip
    if returned:
        egresses.note_returned(conn, returned, settled[0].attempt.ended_at)


def _settle_late(conn: database.Connection, item: Settled) -> None:
    if ledger.append_late(conn, item.settlement) and item.activity is not None:
        crm.update_activities(conn, [item.activity])


def _notice(
    desk: Desk,
    delivery: ledger.Delivery,
    parcel: outbound.Parcel,
    notify: outbound.Notify,
    settlement: ledger.Settlement,
    handover: outbound.Handover,
) -> ledger.NewSend | None:
    """What the sender asked to be told by mail: it failed, it is late, or the next server tells nothing of its success.

    A next server that promised notices gives them itself, of what it took.
    """
    made, recipient = settlement.attempt, mail.parse_address(delivery.recipient)
    passed_on = isinstance(handover.outcome, outbound.Answered) and handover.outcome.notify_passed_on
    action = _ACTIONS.get(made.outcome)
    if made.outcome is ledger.Outcome.DEFERRED and _delay(delivery, made, settlement.due):
        action = "delayed"
    if action is None or isinstance(recipient, mail.Malformed) or (action == "relayed" and passed_on):
        return None
    news = notices.News(
        account_id=delivery.account_id, action=action, recipient=recipient, notify=notify,
        arrival=delivery.accepted_at, original=parcel.message, status=made.status or "", remote=made.host or "",
        reply=f"{made.code} {made.status or ''} {made.reply or ''}" if made.code else made.explanation,
        tls_required=parcel.tls_required,
    )  # fmt: skip
    return notices.notice(news, desk.hostname, desk.now())


def _outcome(verdict: outbound.Verdict) -> ledger.Outcome:
    match verdict:
        case outbound.Delivered():
            return ledger.Outcome.DELIVERED
        case outbound.TryAgain():
            return ledger.Outcome.DEFERRED
        case outbound.GaveUp():
            return ledger.Outcome.FAILED
        case outbound.InDoubt():
            return ledger.Outcome.IN_DOUBT


def _attempt(
    delivery: ledger.Delivery,
    attempt_id: ledger.AttemptId,
    handover: outbound.Handover,
    verdict: outbound.Verdict,
    outcome: ledger.Outcome,
) -> ledger.Attempt:
    peer, reply = handover.peer, None if isinstance(verdict, outbound.InDoubt) else verdict.reply
    return ledger.Attempt(
        account_id=delivery.account_id, id=attempt_id, send_id=delivery.send_id, delivery_id=delivery.id,
        recipient=delivery.recipient, number=delivery.tries + 1, outcome=outcome, started_at=handover.started,
        ended_at=handover.ended, host=peer.host if peer else None, ip=peer.ip if peer else None,
        tls=peer.tls if peer else None, stage=outbound.stage_of(handover), code=reply.code if reply else None,
        status=reply.enhanced if reply else None, reply=reply.text if reply else None,
        explanation=outbound.explain(verdict, handover, accepted_at=delivery.accepted_at),
        dialogue=tuple((line.at_ms, line.direction, line.text) for line in handover.dialogue),
    )  # fmt: skip


def _sent(delivery: ledger.Delivery, handover: outbound.Handover) -> ledger.Sent:
    """Names the SENT event, which is made by the first attempt that counts."""
    if delivery.sent_id is not None and delivery.sent_at is not None:
        return ledger.Sent(id=delivery.sent_id, at=delivery.sent_at)
    return ledger.Sent(id=database.uuid7(handover.started), at=handover.started)


def _events(
    delivery: ledger.Delivery, made: ledger.Attempt, verdict: outbound.Verdict, sent: ledger.Sent
) -> tuple[ledger.NewEvent, ...]:
    first = () if delivery.sent_id is not None else (_sent_event(delivery, sent),)
    outcome = _outcome_event(delivery, made, verdict, sent)
    return first if outcome is None else (*first, outcome)


def _sent_event(delivery: ledger.Delivery, sent: ledger.Sent) -> ledger.NewEvent:
    return ledger.NewEvent(
        account_id=delivery.account_id, id=sent.id, type=ledger.EventType.SENT, created=sent.at,
        send_id=delivery.send_id, recipient=delivery.recipient.lower(), campaign_id=delivery.campaign_id,
        app_id=delivery.app_id, facts={"hmid": ledger.mid(delivery.account_id, delivery.send_id)},
    )  # fmt: skip


def _outcome_event(
    delivery: ledger.Delivery, made: ledger.Attempt, verdict: outbound.Verdict, sent: ledger.Sent
) -> ledger.NewEvent | None:
    facts: dict[str, str | int] = {"response": made.reply or made.explanation, "attempt": made.number}
    match verdict:
        case outbound.Delivered():
            type_ = ledger.EventType.DELIVERED
        case outbound.GaveUp(category=category):
            facts |= {"category": category.value, "status": made.status or ""}
            type_ = ledger.EventType.BOUNCE
        case outbound.TryAgain(at=at):
            facts |= _delay(delivery, made, at)
            type_ = ledger.EventType.DEFERRED
        case outbound.InDoubt():
            return None
    return ledger.NewEvent(
        account_id=delivery.account_id, id=database.uuid7(made.ended_at), type=type_, created=made.ended_at,
        send_id=delivery.send_id, recipient=delivery.recipient.lower(), campaign_id=delivery.campaign_id,
        app_id=delivery.app_id, facts=facts, sent_id=sent.id, sent_at=sent.at,
    )  # fmt: skip


def _delay(delivery: ledger.Delivery, made: ledger.Attempt, next_try: datetime | None) -> dict[str, str | int]:
    """Told with the deferral after which an hour, or a day, will have passed."""
    passed = next_try and ledger.delay_passed(delivery.accepted_at, made.ended_at, next_try)
    return {"delayedHours": int(passed / timedelta(hours=1))} if passed else {}


def _failure(
    delivery: ledger.Delivery, made: ledger.Attempt, verdict: outbound.GaveUp, lifetimes: feedback.Lifetimes
) -> feedback.SoftFailure | None:
    address, reason = mail.parse_address(delivery.recipient), feedback.reason_in_session(verdict.category.value)
    if verdict.bad_address or reason is None or isinstance(address, mail.Malformed):
        return None
    return feedback.SoftFailure(
        account_id=delivery.account_id, stream=delivery.stream, key=address.key, at=made.ended_at, reason=reason,
        send_id=delivery.send_id, until=lifetimes.until(feedback.Cause.BOUNCED, made.ended_at),
    )  # fmt: skip


def _count_failures(conn: database.Connection, items: Sequence[Settled]) -> None:
    """An address that failed again and again, with nothing delivered between, is not mailed any more."""
    for item in items:
        failure = item.failure
        if failure is None:
            continue
        last = partial(_last_delivered, conn, failure)
        number = feedback.add_failure(conn, failure, last)
        if number is not None:
            feedback.suppress(conn, [_worn_out(item.settlement.attempt, failure, number)])


def _last_delivered(
    conn: database.Connection, failure: feedback.SoftFailure, without: frozenset[str], since: datetime
) -> datetime | None:
    return ledger.last_delivered(conn, failure.account_id, failure.key, since, without)


def _worn_out(made: ledger.Attempt, failure: feedback.SoftFailure, number: int) -> feedback.Suppression:
    said = made.reply or made.explanation
    return feedback.Suppression(
        account_id=failure.account_id, stream=failure.stream, key=failure.key, cause=feedback.Cause.BOUNCED,
        since=failure.at, until=failure.until,
        evidence={"sendId": failure.send_id, "reason": failure.reason, "reply": said},
        explanation=f"{failure.key} failed {number} times with nothing delivered between, last on "
        f"{failure.at:%Y-%m-%d}: {said}",
    )  # fmt: skip


def _suppression(
    delivery: ledger.Delivery, made: ledger.Attempt, lifetimes: feedback.Lifetimes
) -> feedback.Suppression | None:
    address = mail.parse_address(delivery.recipient)
    if isinstance(address, mail.Malformed):
        return None
    return feedback.Suppression(
        account_id=delivery.account_id, stream=delivery.stream, key=address.key, cause=feedback.Cause.BOUNCED,
        since=made.ended_at, until=lifetimes.until(feedback.Cause.BOUNCED, made.ended_at),
        explanation=f"{address.spec} bounced on {made.ended_at:%Y-%m-%d}: {made.reply or made.explanation}",
        evidence={"sendId": delivery.send_id, "status": made.status or "", "reply": made.reply or ""},
    )  # fmt: skip
