"""The story of what readers do: opens, clicks, complaints become events on their send, its timeline, its suppressions.

Hits are written in batches, behind the answer: a reader never waits for the disk. One for a send that is not there
(deleted, or of another installation) is passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from sendwright import crm, database, egresses, feedback, ledger, mail, tracking


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Somebody loaded the pixel (``url`` is None) or followed a link. ``link`` counts the links of the mail from 0."""

    account_id: int
    send_id: ledger.SendId
    at: datetime
    user_agent: str
    ip: str
    method: str
    url: str | None = None
    link: int | None = None
    referer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a complaint is believed for, and for how long its address is not mailed then."""

    evidence: Mapping[str, str] = field(default_factory=dict)
    lifetimes: feedback.Lifetimes = feedback.FOR_EVER


def note_visits(conn: database.Connection, visits: Sequence[Visit]) -> Sequence[None]:
    """Writes events and counts for a batch of visits."""
    sends = ledger.find_sends_by_id(conn, list({(visit.account_id, visit.send_id) for visit in visits}))
    known = [(visit, send, _hit(visit, send)) for visit in visits if (send := _of(visit, sends)) is not None]
    ledger.record(conn, [_event(visit, send, hit) for visit, send, hit in known])
    crm.update_activities(conn, _counts([visit for visit, _, hit in known if hit.kind is tracking.HitKind.PERSON]))
    return [None] * len(visits)


def complained(
    conn: database.Connection,
    account_id: int,
    send_id: ledger.SendId,
    recipient: str,
    now: datetime,
    proof: Proof = Proof(),
) -> None:
    """The recipient called the mail spam: an event, an unsubscription to be seen, and no more such mail."""
    send = ledger.find_send(conn, account_id, send_id)
    address = mail.parse_address(recipient)
    if send is None or isinstance(address, mail.Malformed):
        return
    ledger.record(conn, [_report(send, address, now), _status_change(send, address, now)])
    complaint = crm.ActivityUpdate(account_id=account_id, send_id=send_id, status=crm.ActivityStatus.COMPLAINED)
    crm.update_activities(conn, [complaint])
    feedback.suppress(conn, [_suppression(send, address, now, proof)])
    egresses.note_returned(conn, _returned(conn, send, address), now)


def _returned(conn: database.Connection, send: ledger.Send, address: mail.Address) -> list[egresses.Returned]:
    """By which egress the mail came that was complained about: one that is warmed up slows down."""
    names = {
        delivery.egress
        for delivery in ledger.find_deliveries(conn, send.account_id, send.id)
        if delivery.egress and delivery.recipient.lower() == address.wire.lower()
    }
    domain, result = address.ascii_domain.lower(), egresses.Result.COMPLAINED
    return [
        egresses.Returned(account_id=send.account_id, egress=name, domain=domain, result=result)
        for name in sorted(names)
    ]


def _of(visit: Visit, sends: Mapping[ledger.SendId, ledger.Send]) -> ledger.Send | None:
    """The visit's send, if it is of the visit's account: another visit of the batch may have named it rightly."""
    send = sends.get(visit.send_id)
    return send if send is not None and send.account_id == visit.account_id else None


def _hit(visit: Visit, send: ledger.Send) -> tracking.Hit:
    age = visit.at - (send.completed_at or send.requested_at)
    return tracking.judge_hit(visit.user_agent, visit.ip, max(age, timedelta()), visit.method)


def _counts(visits: Sequence[Visit]) -> list[crm.ActivityUpdate]:
    """One update for each send, whatever the number of its visits."""
    opens = Counter((visit.account_id, visit.send_id) for visit in visits if visit.url is None)
    clicks = Counter((visit.account_id, visit.send_id) for visit in visits if visit.url is not None)
    return [
        crm.ActivityUpdate(account_id=key[0], send_id=key[1], opens=opens[key], clicks=clicks[key])
        for key in {**opens, **clicks}
    ]


def _event(visit: Visit, send: ledger.Send, hit: tracking.Hit) -> ledger.NewEvent:
    type_ = ledger.EventType.OPEN if visit.url is None else ledger.EventType.CLICK
    return _new_event(send, type_, send.recipient, visit.at, _facts(visit, hit))


def _facts(visit: Visit, hit: tracking.Hit) -> ledger.Facts:
    facts: dict[str, object] = {
        "userAgent": visit.user_agent, "ipAddress": visit.ip, **_agent_facts(visit.user_agent),
        "filteredEvent": hit.kind is not tracking.HitKind.PERSON, "hitKind": hit.kind.value, "hitReason": hit.reason,
    }  # fmt: skip
    if visit.url is not None:
        facts |= {"url": visit.url, "linkId": visit.link, "referer": visit.referer or ""}
    return facts


@lru_cache(maxsize=1024)
def _agent_facts(user_agent: str) -> Mapping[str, object]:
    agent = tracking.describe_agent(user_agent)
    browser = {
        "name": agent.name, "family": agent.family, "producer": agent.producer, "type": agent.type.value,
        "version": list(agent.version),
    }  # fmt: skip
    return {"browser": browser, "deviceType": agent.device.value}


def _report(send: ledger.Send, address: mail.Address, now: datetime) -> ledger.NewEvent:
    return _new_event(send, ledger.EventType.SPAMREPORT, address.key, now, {})


def _status_change(send: ledger.Send, address: mail.Address, now: datetime) -> ledger.NewEvent:
    facts = {"source": "SOURCE_SPAM_REPORT", "portalSubscriptionStatus": "UNSUBSCRIBED", "requestedBy": address.wire}
    return _new_event(send, ledger.EventType.STATUSCHANGE, address.key, now, facts)


def _new_event(
    send: ledger.Send, type_: ledger.EventType, recipient: str, now: datetime, facts: ledger.Facts
) -> ledger.NewEvent:
    return ledger.NewEvent(
        account_id=send.account_id, id=database.uuid7(now), type=type_, created=now, send_id=send.id,
        recipient=recipient, campaign_id=send.campaign_id, app_id=send.app_id, facts=facts,
        sent_id=send.sent_event_id, sent_at=send.sent_event_at,
    )  # fmt: skip


def _suppression(send: ledger.Send, address: mail.Address, now: datetime, proof: Proof) -> feedback.Suppression:
    return feedback.Suppression(
        account_id=send.account_id, stream=send.stream, key=address.key, cause=feedback.Cause.COMPLAINED, since=now,
        explanation=f"{address.spec} reported a mail of this account as spam on {now:%Y-%m-%d}.",
        evidence={"sendId": send.id, **proof.evidence}, until=proof.lifetimes.until(feedback.Cause.COMPLAINED, now),
    )  # fmt: skip
