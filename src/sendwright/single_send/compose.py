"""Composing a batch of claimed sends: each becomes deliveries with their message, or ends with its reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from sendwright import crm, database, emails, ledger, outbound
from sendwright.single_send.again import plan_again
from sendwright.single_send.keyring import Keyring
from sendwright.single_send.look_up import look_up
from sendwright.single_send.message import Message, Snapshot, Tools, make_message
from sendwright.single_send.request import Wish, decode
from sendwright.single_send.rules import (
    Facts,
    People,
    Plan,
    Refusal,
    decide,
    missing_properties,
    read_people,
    render_fault,
)

log = structlog.get_logger()

_AT_A_STRETCH = 4  # messages, a few milliseconds; fewer, and a busy door starves the mail it has accepted
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What a worker composes with. ``lease``: for how long its new deliveries are held."""

    db: database.Database
    keyring: Keyring
    tools: Tools
    now: Callable[[], datetime]
    lease: timedelta


Ready = tuple[ledger.Delivery, outbound.Parcel]
"""A leased delivery and what to hand over for it."""


async def compose(shop: Workshop, claimed: Sequence[ledger.ClaimedSend]) -> list[Ready]:
    """The deliveries of those that can be sent; the others are dropped with their reason. Each ends on disk."""
    read = [(send, decode(send.payload)) for send in claimed]
    named = [(send, wish, read_people(wish)) for send, wish in read]
    asked = [(send.account_id, send.email_id, people) for send, _, people in named if isinstance(people, People)]
    facts = await shop.db.read(look_up, asked)
    decided = [(send, _decide(send, wish, people, facts)) for send, wish, people in named]
    plans = [plan for _, plan in decided if isinstance(plan, Plan)]
    contacts = await _contacts(shop, plans)
    keys = await shop.keyring.of([plan.domain for plan in plans], shop.now())
    ends = [_refuse(shop, send, refusal) for send, refusal in decided if isinstance(refusal, Refusal)]
    return await _write(shop, [*ends, *[begun async for begun in _begin_all(shop, plans, contacts, keys)]])


async def compose_again(shop: Workshop, held: Sequence[ledger.Delivery]) -> list[Ready]:
    """The same messages once more, for a later try."""
    plans = await shop.db.read(_plans_again, held)
    keys = await shop.keyring.of([plan.domain for _, plan, _ in plans], shop.now())
    made = []
    for delivery, plan, snapshot in plans:
        message = make_message(plan, snapshot.contact, keys[plan.domain.account_id, plan.domain.name], shop.tools)
        await asyncio.sleep(0)  # let the doors answer between two messages
        if isinstance(message, Message):
            made.append(_ready(delivery, message))
    return made


def _decide(send: ledger.ClaimedSend, wish: Wish, people: People | Refusal, facts: Facts) -> Plan | Refusal:
    return people if isinstance(people, Refusal) else decide(send, wish, people, facts)


async def _contacts(shop: Workshop, plans: Sequence[Plan]) -> dict[ledger.SendId, crm.Contact]:
    wanted = [
        crm.Wanted(
            account_id=plan.send.account_id,
            address=plan.people.to.address,
            properties=plan.wish.contact_properties,
            source="single_send",
        )
        for plan in plans
    ]
    if not wanted:
        return {}
    found = await shop.db.write(crm.find_or_create_contacts, wanted, shop.now())
    return {plan.send.id: contact for plan, contact in zip(plans, found, strict=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    composed: ledger.Composed
    activity: crm.Activity
    ready: tuple[Ready, ...]
    lease_ms: int


async def _begin_all(
    shop: Workshop,
    plans: Sequence[Plan],
    contacts: Mapping[ledger.SendId, crm.Contact],
    keys: Mapping[tuple[int, str], Sequence[outbound.SigningKey]],
) -> AsyncIterator[_Begun | ledger.Dropped]:
    for number, plan in enumerate(plans):
        if number % _AT_A_STRETCH == 0:
            await asyncio.sleep(0)  # let the doors answer between messages
        yield _begin(shop, plan, contacts[plan.send.id], keys)


def _begin(
    shop: Workshop,
    plan: Plan,
    contact: crm.Contact,
    keys: Mapping[tuple[int, str], Sequence[outbound.SigningKey]],
) -> _Begun | ledger.Dropped:
    snapshot = Snapshot(
        version=plan.version.version,
        contact=contact.every_property(),
        copies=tuple(box.address.key for box in (*plan.people.cc, *plan.people.bcc)),
    )
    match make_message(plan, snapshot.contact, keys[plan.domain.account_id, plan.domain.name], shop.tools):
        case Message() as message:
            return _begun(shop, plan, contact, snapshot, message)
        case emails.MissingProperties(names=names):
            return _refuse(shop, plan.send, missing_properties(names), contact, plan)
        case emails.RenderFault() as fault:
            return _refuse(shop, plan.send, render_fault(fault), contact, plan)


def _begun(shop: Workshop, plan: Plan, contact: crm.Contact, snapshot: Snapshot, message: Message) -> _Begun:
    now, send = shop.now(), plan.send
    deliveries = tuple(_deliveries(plan, now))
    composed = ledger.Composed(
        send=send, now=now, campaign_id=plan.version.campaign_id, contact_id=contact.id, sender=message.sender,
        subject=message.subject, snapshot=snapshot.encode(), deliveries=deliveries,
        event=_event(send, ledger.EventType.PROCESSED, now, plan, {"hmid": ledger.mid(send.account_id, send.id)}),
    )  # fmt: skip
    held = [_held(plan, new, composed.snapshot) for new in deliveries]
    return _Begun(
        composed=composed,
        activity=_activity(plan, contact, message, now),
        ready=tuple(_ready(delivery, message) for delivery in held),
        lease_ms=shop.lease // timedelta(milliseconds=1),
    )


def _deliveries(plan: Plan, now: datetime) -> Iterable[ledger.NewDelivery]:
    for part, boxes in (
        (ledger.Part.TO, (plan.people.to,)),
        (ledger.Part.CC, plan.people.cc),
        (ledger.Part.BCC, plan.people.bcc),
    ):
        for box in boxes:
            yield ledger.NewDelivery(
                id=ledger.DeliveryId(database.uuid7(now)), recipient=box.address.wire, part=part,
                domain=box.address.ascii_domain.lower(),
            )  # fmt: skip


def _held(plan: Plan, new: ledger.NewDelivery, snapshot: bytes) -> ledger.Delivery:
    send = plan.send
    return ledger.Delivery(
        account_id=send.account_id, id=new.id, send_id=send.id, lease=ledger.Lease(owner=send.lease.owner, epoch=1),
        recipient=new.recipient, part=new.part, domain=new.domain, stream=send.stream, tries=0,
        accepted_at=send.requested_at, email_id=send.email_id, campaign_id=plan.version.campaign_id,
        app_id=send.app_id, payload=send.payload, snapshot=snapshot, sent_id=None, sent_at=None,
    )  # fmt: skip


def _ready(delivery: ledger.Delivery, message: Message) -> Ready:
    copy = message.tracked if delivery.part is ledger.Part.TO else message.copy
    return delivery, outbound.Parcel(
        mail_from=message.mail_from, rcpt_to=delivery.recipient, site_domain=delivery.domain,
        message=copy or message.tracked, smtputf8=message.smtputf8, eight_bit=message.smtputf8,
    )  # fmt: skip


def _activity(plan: Plan, contact: crm.Contact, message: Message, now: datetime) -> crm.Activity:
    return crm.Activity(
        account_id=plan.send.account_id, id=database.uuid7(now), kind=crm.ActivityKind.EMAIL,
        contact_ids=(contact.id,), at=now, direction=crm.Direction.OUTGOING, subject=message.subject,
        sender=message.sender, people=(plan.people.to.address.spec,), status=crm.ActivityStatus.SENDING,
        send_id=plan.send.id, detail={"emailId": plan.send.email_id, "emailName": plan.version.name},
    )  # fmt: skip


def _refuse(
    shop: Workshop,
    send: ledger.ClaimedSend,
    refusal: Refusal,
    contact: crm.Contact | None = None,
    plan: Plan | None = None,
) -> ledger.Dropped:
    now = shop.now()
    facts = {"dropReason": refusal.result.value, "dropMessage": refusal.explanation}
    return ledger.Dropped(
        send=send, now=now, result=refusal.result, explanation=refusal.explanation,
        campaign_id=None if plan is None else plan.version.campaign_id,
        contact_id=None if contact is None else contact.id,
        event=_event(send, ledger.EventType.DROPPED, now, plan, facts),
    )  # fmt: skip


def _event(
    send: ledger.ClaimedSend, type_: ledger.EventType, now: datetime, plan: Plan | None, facts: ledger.Facts
) -> ledger.NewEvent:
    return ledger.NewEvent(
        account_id=send.account_id, id=database.uuid7(now), type=type_, created=now, send_id=send.id,
        recipient=send.recipient,
        campaign_id=None if plan is None else plan.version.campaign_id, app_id=send.app_id, facts=facts,
    )  # fmt: skip


async def _write(shop: Workshop, items: Sequence[_Begun | ledger.Dropped]) -> list[Ready]:
    """All in few commits. Who came too late is left out: another worker has the send by now."""
    answers = await asyncio.gather(
        *(shop.db.write_together(_write_all, item) for item in items), return_exceptions=True
    )
    ready: list[Ready] = []
    for item, answer in zip(items, answers, strict=True):
        if isinstance(answer, ledger.Late):
            log.warning("composed_too_late", send=(item.composed.send if isinstance(item, _Begun) else item.send).id)
        elif isinstance(answer, BaseException):
            raise answer
        elif isinstance(item, _Begun):
            ready.extend(item.ready)
    return ready


def _write_all(conn: database.Connection, items: Sequence[_Begun | ledger.Dropped]) -> Sequence[None]:
    begun = [item for item in items if isinstance(item, _Begun)]
    if begun:
        ledger.compose(conn, [item.composed for item in begun], begun[0].lease_ms)
        crm.note_activities(conn, [item.activity for item in begun])
    ledger.drop(conn, [item for item in items if isinstance(item, ledger.Dropped)])
    return [None] * len(items)


def _plans_again(
    conn: database.Connection, held: Sequence[ledger.Delivery]
) -> list[tuple[ledger.Delivery, Plan, Snapshot]]:
    return [plan_again(conn, delivery) for delivery in held]
