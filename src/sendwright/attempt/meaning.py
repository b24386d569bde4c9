"""What a verdict changes: the delivery and its send, events, the timeline, suppressions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sendwright import crm, database, feedback, ledger, mail, outbound

_RESULTS = {
    ledger.Outcome.DELIVERED: ledger.SendResult.SENT,
    ledger.Outcome.DEFERRED: ledger.SendResult.QUEUED,
    ledger.Outcome.FAILED: ledger.SendResult.UNDELIVERABLE,
    ledger.Outcome.IN_DOUBT: ledger.SendResult.QUEUED,
}
_LATER = outbound.TryAgain | outbound.InDoubt
_STATUSES = {
    ledger.Outcome.DELIVERED: crm.ActivityStatus.DELIVERED,
    ledger.Outcome.FAILED: crm.ActivityStatus.BOUNCED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """All that one attempt changes."""

    settlement: ledger.Settlement
    activity: crm.ActivityUpdate | None
    suppression: feedback.Suppression | None
    failure: feedback.SoftFailure | None = None
    """What counts against the address only when it adds up."""
    notice: ledger.NewSend | None = None


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
        hold=(delivery.terms.duplicate_policy or usual) is ledger.DuplicatePolicy.HOLD, site=handover.site or None,
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
            facts |= delay_told(delivery, made, at)
            type_ = ledger.EventType.DEFERRED
        case outbound.InDoubt():
            return None
    return ledger.NewEvent(
        account_id=delivery.account_id, id=database.uuid7(made.ended_at), type=type_, created=made.ended_at,
        send_id=delivery.send_id, recipient=delivery.recipient.lower(), campaign_id=delivery.campaign_id,
        app_id=delivery.app_id, facts=facts, sent_id=sent.id, sent_at=sent.at,
    )  # fmt: skip


def delay_told(delivery: ledger.Delivery, made: ledger.Attempt, next_try: datetime | None) -> dict[str, str | int]:
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
