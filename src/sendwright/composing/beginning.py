"""How deliveries begin: the one write after composing, many sends in a commit; and how a send is dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from sendwright import crm, database, egresses, ledger, mail, outbound
from sendwright.composing import leaving
from sendwright.composing.begun import Begun, Ended
from sendwright.composing.refusals import Refusal
from sendwright.composing.workshop import Ready, Workshop

log = structlog.get_logger()

_ROUNDS = 3
Boxes = Iterable[tuple[ledger.Part, mail.Address]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outset:
    """A send whose messages are made: what the ledger and the timeline shall know of it.

    ``contact_ids``: on whose timelines it appears; none, and it appears on no timeline.
    """

    send: ledger.ClaimedSend
    campaign_id: int
    contact_ids: tuple[crm.ContactId, ...]
    sender: str
    subject: str
    snapshot: bytes = b""
    facts: ledger.Facts = field(default_factory=dict)
    """What the first event says beside the send's name."""
    detail: ledger.Facts = field(default_factory=dict)
    """What the timeline's entry says beside the subject."""
    person: str = ""


def begin(
    shop: Workshop, outset: Outset, boxes: Boxes, parcel: Callable[[ledger.NewDelivery], outbound.Parcel]
) -> Begun:
    """One delivery for each recipient, each with its parcel."""
    now, send = shop.now(), outset.send
    deliveries = tuple(
        ledger.NewDelivery(
            id=ledger.DeliveryId(database.uuid7(now)), recipient=address.wire, part=part,
            domain=address.ascii_domain.lower(),
        )
        for part, address in boxes
    )  # fmt: skip
    composed = ledger.Composed(
        send=send, now=now, campaign_id=outset.campaign_id,
        contact_id=outset.contact_ids[0] if outset.contact_ids else None, sender=outset.sender,
        subject=outset.subject, snapshot=outset.snapshot, deliveries=deliveries,
        event=_event(
            send, ledger.EventType.PROCESSED, now, outset.campaign_id,
            {"hmid": ledger.mid(send.account_id, send.id), **outset.facts},
        ),
    )  # fmt: skip
    return Begun(
        composed=composed,
        activity=_activity(outset, now) if outset.contact_ids else None,
        ready=tuple((_held(outset, new), parcel(new)) for new in deliveries if ledger.begins_leased(new)),
        lease_ms=shop.lease // timedelta(milliseconds=1),
    )


def drop(
    shop: Workshop,
    send: ledger.ClaimedSend,
    refusal: Refusal,
    *,
    campaign_id: int | None = None,
    contact_id: crm.ContactId | None = None,
    notice: ledger.NewSend | None = None,
) -> Ended:
    """A send that ends here, with its reason."""
    now = shop.now()
    facts = {"dropReason": refusal.result.value, "dropMessage": refusal.explanation}
    dropped = ledger.Dropped(
        send=send, now=now, result=refusal.result, explanation=refusal.explanation, campaign_id=campaign_id,
        contact_id=contact_id, event=_event(send, ledger.EventType.DROPPED, now, campaign_id, facts),
    )  # fmt: skip
    return Ended(dropped=dropped, notice=notice)


async def write(shop: Workshop, items: Sequence[Begun | Ended]) -> list[Ready]:
    """All in few commits, each delivery by its way. Who came too late is left out: another worker has the send by now.

    When others took the last room under a cap meanwhile, the ways are chosen again.
    """
    ready: list[Ready] = []
    crowded = list(items)
    for _ in range(_ROUNDS):
        crowded = await _write_some(shop, crowded, await _depart(shop, crowded), ready)
        if not crowded:
            return ready
    now = shop.now()
    waiting = [leaving.held_back(item, now) for item in crowded if isinstance(item, Begun)]
    await _write_some(shop, waiting, waiting, ready)
    return ready


async def _depart(shop: Workshop, items: Sequence[Begun | Ended]) -> Sequence[Begun | Ended]:
    ways, now = shop.ways, shop.now()
    if ways is None:
        return items
    await ways.learn((item.composed.send.account_id for item in items if isinstance(item, Begun)), now)
    return [leaving.departing(ways, item, now) if isinstance(item, Begun) else item for item in items]


async def _write_some(
    shop: Workshop, items: Sequence[Begun | Ended], departing: Sequence[Begun | Ended], ready: list[Ready]
) -> list[Begun | Ended]:
    """Adds to what is ready. Those that found no room any more, as they were."""
    answers = await asyncio.gather(
        *(shop.db.write_together(_write_all, item) for item in departing), return_exceptions=True
    )
    crowded = []
    for item, gone, answer in zip(items, departing, answers, strict=True):
        if isinstance(answer, egresses.Full):
            crowded.append(item)
        elif isinstance(answer, ledger.Late):
            log.warning("composed_too_late", send=(gone.composed if isinstance(gone, Begun) else gone.dropped).send.id)
        elif isinstance(answer, BaseException):
            raise answer
        elif isinstance(gone, Begun):
            ready.extend(gone.ready)
    if crowded and shop.ways is not None:
        shop.ways.forget(item.composed.send.account_id for item in crowded if isinstance(item, Begun))
    return crowded


def _write_all(conn: database.Connection, items: Sequence[Begun | Ended]) -> Sequence[None]:
    begun = [item for item in items if isinstance(item, Begun)]
    if begun:
        ledger.compose(conn, [item.composed for item in begun], begun[0].lease_ms)
        crm.note_activities(conn, [item.activity for item in begun if item.activity is not None])
    ended = [item for item in items if isinstance(item, Ended)]
    ledger.drop(conn, [item.dropped for item in ended])
    told = [item.notice for item in ended if item.notice is not None]
    if told:
        ledger.accept(conn, told)
    if begun:
        _count(conn, begun)
    return [None] * len(items)


def _count(conn: database.Connection, begun: Sequence[Begun]) -> None:
    """Last of all, because the rows of the counts are waited for by others."""
    if any(new.due is not None for item in begun for new in item.composed.deliveries):
        database.announce(conn, "deliveries")
    egresses.take(conn, [grant for item in begun for grant in item.grants], begun[0].composed.now)


def _held(outset: Outset, new: ledger.NewDelivery) -> ledger.Delivery:
    send = outset.send
    return ledger.Delivery(
        account_id=send.account_id, id=new.id, send_id=send.id, lease=ledger.Lease(owner=send.lease.owner, epoch=1),
        recipient=new.recipient, part=new.part, domain=new.domain, stream=send.stream, tries=0,
        accepted_at=send.requested_at, email_id=send.email_id, campaign_id=outset.campaign_id,
        app_id=send.app_id, payload=b"", snapshot=outset.snapshot, sent_id=None, sent_at=None, shelf=send.shelf,
        egress=new.egress, terms=send.terms,
    )  # fmt: skip


def _activity(outset: Outset, now: datetime) -> crm.Activity:
    return crm.Activity(
        account_id=outset.send.account_id, id=database.uuid7(now), kind=crm.ActivityKind.EMAIL,
        contact_ids=outset.contact_ids, at=now, direction=crm.Direction.OUTGOING, subject=outset.subject,
        sender=outset.sender, people=(outset.person,), status=crm.ActivityStatus.SENDING, send_id=outset.send.id,
        detail=outset.detail,
    )  # fmt: skip


def _event(
    send: ledger.ClaimedSend, type_: ledger.EventType, now: datetime, campaign_id: int | None, facts: ledger.Facts
) -> ledger.NewEvent:
    return ledger.NewEvent(
        account_id=send.account_id, id=database.uuid7(now), type=type_, created=now, send_id=send.id,
        recipient=send.recipient, campaign_id=campaign_id, app_id=send.app_id, facts=facts,
    )  # fmt: skip
