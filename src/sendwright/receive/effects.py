"""What follows from a report that is believed, all in the transaction that settles it."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from sendwright import crm, database, engage, feedback, ledger
from sendwright.failpoints import failpoint
from sendwright.feedback import Finding, Understood
from sendwright.receive.office import Office
from sendwright.receive.rules import Bounced, Complained, key_of

_MOST_WORDS = 500


def settle(
    conn: database.Connection,
    office: Office,
    report: feedback.InboundReport,
    verdict: Bounced | Complained | Understood,
    now: datetime,
) -> Understood | None:
    """Writes what a report means; None if it was settled before. The first report of a kind about a delivery counts."""
    if isinstance(verdict, Understood):
        return verdict if feedback.settle_report(conn, report, verdict, now) else None
    sent, finding = verdict.sent, Finding.BOUNCED if isinstance(verdict, Bounced) else Finding.COMPLAINED
    known = sent.state is ledger.DeliveryState.FAILED
    fresh = not known and feedback.is_first(conn, sent.account_id, sent.id, finding, report.id, now)
    understood = Understood(
        finding=finding if fresh else Finding.REPEATED, why=_why(verdict, fresh=fresh), send_id=sent.send_id,
        about=key_of(sent.recipient),
    )  # fmt: skip
    if not feedback.settle_report(conn, report, understood, now):
        return None
    if fresh:
        _follow(conn, office, report, verdict, now)
        failpoint("B2")
    return understood


def _follow(
    conn: database.Connection,
    office: Office,
    report: feedback.InboundReport,
    verdict: Bounced | Complained,
    now: datetime,
) -> None:
    if isinstance(verdict, Bounced):
        _bounce(conn, office, report, verdict, now)
        return
    evidence = {"reportId": report.id, "signedBy": verdict.signer, "received": now.isoformat(timespec="seconds")}
    proof = engage.Proof(evidence=evidence, lifetimes=office.lifetimes)
    sent = verdict.sent
    engage.complained(conn, sent.account_id, sent.send_id, sent.recipient, now, proof)


def _bounce(
    conn: database.Connection, office: Office, report: feedback.InboundReport, bounced: Bounced, now: datetime
) -> None:
    sent = bounced.sent
    if sent.part is ledger.Part.TO:
        _tell(conn, report, bounced, now)
    match bounced.weight:
        case feedback.Weight.AT_ONCE:
            feedback.suppress(conn, [_suppression(office, report, bounced, _proven(bounced, now), now)])
        case feedback.Weight.COUNTED | feedback.Weight.FEW:
            _count(conn, office, report, bounced, now)
        case feedback.Weight.NEVER | feedback.Weight.NOTHING:
            return


def _tell(conn: database.Connection, report: feedback.InboundReport, bounced: Bounced, now: datetime) -> None:
    """The event and the timeline, as for a refusal in the session."""
    sent = bounced.sent
    send = ledger.find_send(conn, sent.account_id, sent.send_id)
    if send is None:
        return
    status = "" if bounced.reported is None else bounced.reported.status
    facts = {
        "category": feedback.category_of(bounced.reason), "response": _words(bounced), "status": status[:12],
        "reason": bounced.reason, "reportId": report.id,
    }  # fmt: skip
    event = ledger.NewEvent(
        account_id=send.account_id, id=database.uuid7(now), type=ledger.EventType.BOUNCE, created=now, send_id=send.id,
        recipient=sent.recipient.lower(), campaign_id=send.campaign_id, app_id=send.app_id, facts=facts,
        sent_id=send.sent_event_id, sent_at=send.sent_event_at,
    )  # fmt: skip
    ledger.record(conn, [event])
    bounce = crm.ActivityUpdate(account_id=send.account_id, send_id=send.id, status=crm.ActivityStatus.BOUNCED)
    crm.update_activities(conn, [bounce])


def _count(
    conn: database.Connection, office: Office, report: feedback.InboundReport, bounced: Bounced, now: datetime
) -> None:
    sent = bounced.sent
    passing = feedback.weight_of(bounced.reason) is feedback.Weight.AT_ONCE  # "no such user", for now
    failure = feedback.SoftFailure(
        account_id=sent.account_id, stream=sent.stream, key=key_of(sent.recipient), at=now, send_id=sent.send_id,
        reason="expired" if passing else bounced.reason,
    )  # fmt: skip
    last = partial(_last_delivered, conn, sent)
    number = feedback.add_failure(conn, failure, last)
    if number is not None:
        why = f"{failure.key} failed {number} times with nothing delivered between, last on {now:%Y-%m-%d}: "
        feedback.suppress(conn, [_suppression(office, report, bounced, why + _words(bounced), now)])


def _last_delivered(
    conn: database.Connection, sent: ledger.SentDelivery, without: frozenset[str], since: datetime
) -> datetime | None:
    return ledger.last_delivered(conn, sent.account_id, key_of(sent.recipient), since, without)


def _suppression(
    office: Office, report: feedback.InboundReport, bounced: Bounced, why: str, now: datetime
) -> feedback.Suppression:
    sent = bounced.sent
    return feedback.Suppression(
        account_id=sent.account_id, stream=sent.stream, key=key_of(sent.recipient), cause=feedback.Cause.BOUNCED,
        since=now, explanation=why, until=office.lifetimes.until(feedback.Cause.BOUNCED, now),
        evidence={
            "sendId": sent.send_id, "reportId": report.id, "reason": bounced.reason, "reply": _words(bounced),
            "status": "" if bounced.reported is None else bounced.reported.status,
        },
    )  # fmt: skip


def _proven(bounced: Bounced, now: datetime) -> str:
    return f"{key_of(bounced.sent.recipient)} bounced on {now:%Y-%m-%d}: {_words(bounced)}"


def _words(bounced: Bounced) -> str:
    """What the server said, safe to keep and to show."""
    said = "" if bounced.reported is None else bounced.reported.diagnostic
    return "".join(c if c.isprintable() else " " for c in said[:_MOST_WORDS]) or f"the report says {bounced.reason}"


def _why(verdict: Bounced | Complained, *, fresh: bool) -> str:
    if not fresh:
        return "a report of this kind about this mail was counted before, or it had failed already: nothing follows"
    if isinstance(verdict, Complained):
        return f"the recipient complained; {verdict.signer} vouches for it"
    return f"the mail came back ({verdict.reason}): {_words(verdict)}"
