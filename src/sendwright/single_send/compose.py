"""Composing a batch of claimed sends: each becomes deliveries with their message, or ends with its reason."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from sendwright import composing, crm, emails, ledger, mail, outbound
from sendwright.composing import Begun, Ended, Outset, Ready, Refusal, Workshop
from sendwright.single_send.again import plans_again
from sendwright.single_send.look_up import look_up
from sendwright.single_send.message import Message, Snapshot, make_message
from sendwright.single_send.request import Wish, decode
from sendwright.single_send.rules import Facts, People, Plan, decide, missing_properties, read_people, render_fault


async def compose(shop: Workshop, claimed: Sequence[ledger.ClaimedSend]) -> list[Ready]:
    """The deliveries of those that can be sent; the others are dropped with their reason. Each ends on disk."""
    read = [(send, decode(send.payload)) for send in claimed]
    named = [(send, wish, read_people(wish)) for send, wish in read]
    asked = [(send.account_id, send.email_id, people) for send, _, people in named]
    facts = await shop.db.read(look_up, asked, shop.now())
    decided = [(send, _decide(send, wish, people, facts)) for send, wish, people in named]
    plans = [plan for _, plan in decided if isinstance(plan, Plan)]
    contacts = await _contacts(shop, plans)
    keys = await shop.keyring.of([plan.domain for plan in plans], shop.now())
    ends = [_end(shop, send, refusal, facts) for send, refusal in decided if isinstance(refusal, Refusal)]
    begun = [_begin(shop, plan, contacts[plan.send.id], keys) async for plan in composing.in_turns(plans)]
    return await composing.write(shop, [*ends, *begun])


async def compose_again(shop: Workshop, held: Sequence[ledger.Delivery]) -> list[Ready]:
    """The same messages once more, for a later try."""
    plans = await shop.db.read(plans_again, held)
    keys = await shop.keyring.of([plan.domain for _, plan, _ in plans], shop.now())
    made = []
    for delivery, plan, snapshot in plans:
        message = make_message(plan, snapshot.contact, keys[plan.domain.account_id, plan.domain.name], shop.tools)
        await asyncio.sleep(0)  # let the doors answer between two messages
        if isinstance(message, Message):
            made.append((delivery, _parcel(shop, delivery, message)))
    return made


def _decide(send: ledger.ClaimedSend, wish: Wish, people: People | Refusal, facts: Facts) -> Plan | Refusal:
    return people if isinstance(people, Refusal) else decide(send, wish, people, facts)


def _end(shop: Workshop, send: ledger.ClaimedSend, refusal: Refusal, facts: Facts) -> Ended:
    """Counted with the e-mail's campaign where there is such an e-mail."""
    version = facts.versions.get((send.account_id, send.email_id))
    return composing.drop(shop, send, refusal, campaign_id=None if version is None else version.campaign_id)


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


def _begin(
    shop: Workshop,
    plan: Plan,
    contact: crm.Contact,
    keys: Mapping[tuple[int, str], Sequence[outbound.SigningKey]],
) -> Begun | Ended:
    snapshot = Snapshot(
        version=plan.version.version,
        contact=contact.every_property(),
        copies=tuple(box.address.key for box in (*plan.people.cc, *plan.people.bcc)),
    )
    match make_message(plan, snapshot.contact, keys[plan.domain.account_id, plan.domain.name], shop.tools):
        case Message() as message:
            outset = _outset(plan, contact, snapshot, message)
            return composing.begin(shop, outset, _boxes(plan.people), lambda new: _parcel(shop, new, message))
        case emails.MissingProperties(names=names):
            return _drop(shop, plan, contact, missing_properties(names))
        case emails.RenderFault() as fault:
            return _drop(shop, plan, contact, render_fault(fault))


def _outset(plan: Plan, contact: crm.Contact, snapshot: Snapshot, message: Message) -> Outset:
    return Outset(
        send=plan.send, campaign_id=plan.version.campaign_id, contact_ids=(contact.id,), sender=message.sender,
        subject=message.subject, snapshot=snapshot.encode(), person=plan.people.to.address.spec,
        detail={"emailId": plan.send.email_id, "emailName": plan.version.name},
    )  # fmt: skip


def _boxes(people: People) -> Iterable[tuple[ledger.Part, mail.Address]]:
    for part, boxes in ((ledger.Part.TO, (people.to,)), (ledger.Part.CC, people.cc), (ledger.Part.BCC, people.bcc)):
        for box in boxes:
            yield part, box.address


def _parcel(shop: Workshop, new: ledger.NewDelivery | ledger.Delivery, message: Message) -> outbound.Parcel:
    copy = message.tracked if new.part is ledger.Part.TO else message.copy
    return outbound.Parcel(
        mail_from=shop.tools.return_path(message.domain, new), rcpt_to=new.recipient, site_domain=new.domain,
        message=copy or message.tracked, smtputf8=message.smtputf8, eight_bit=message.smtputf8,
    )  # fmt: skip


def _drop(shop: Workshop, plan: Plan, contact: crm.Contact, refusal: Refusal) -> Ended:
    return composing.drop(
        shop, plan.send, refusal, campaign_id=plan.version.campaign_id, contact_id=contact.id
    )  # fmt: skip
