"""Composing a batch of claimed sends of submitted mails: each becomes a delivery with its copy, or ends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sendwright import accounts, composing, crm, database, domains, feedback, ledger, mail, outbound, smtp
from sendwright.composing import Begun, Ended, Outset, Ready, Refusal, Workshop
from sendwright.submission.message import Copy, Stamp, Text, make_copy
from sendwright.submission.model import STREAM, Person, Wish, decode

_LARGE = 256 * 1024
"""A larger mail is made on another thread: copying and hashing it would keep the doors waiting."""

Keys = Mapping[tuple[int, str], Sequence[outbound.SigningKey]]


class CannotRepeat(Exception):
    """What the message was made from is gone: a fault in Sendwright."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A claimed send with its mail, and where its recipient stands."""

    send: ledger.ClaimedSend
    text: Text
    person: Person
    part: ledger.Part

    @property
    def sender(self) -> mail.Address:
        return self.text.author

    @property
    def place(self) -> tuple[int, str]:
        """Account and domain of the author."""
        return self.send.account_id, self.sender.ascii_domain.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    accounts: Mapping[int, accounts.Account]
    connected: Mapping[tuple[int, str], domains.Domain]
    suppressions: Mapping[tuple[int, str, str], feedback.Suppression]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    job: _Job
    domain: domains.Domain


async def compose(shop: Workshop, claimed: Sequence[ledger.ClaimedSend]) -> list[Ready]:
    """The deliveries of those that can be sent; the others are dropped with their reason. Each ends on disk."""
    jobs = await _jobs(shop, claimed)
    facts = await shop.db.read(_look_up, jobs, shop.now())
    decided = [(job, _decide(job, facts)) for job in jobs]
    plans = [plan for _, plan in decided if isinstance(plan, _Plan)]
    contacts = await _contacts(shop, [plan.job for plan in plans])
    keys = await shop.keyring.of([plan.domain for plan in plans], shop.now())
    ends = [_drop(shop, job, refusal) for job, refusal in decided if isinstance(refusal, Refusal)]
    begun = [await _begin(shop, plan, contacts.get(plan.job.send.id), keys) async for plan in composing.in_turns(plans)]
    return await composing.write(shop, [*ends, *begun])


async def compose_again(shop: Workshop, held: Sequence[ledger.Delivery]) -> list[Ready]:
    """The same copies once more, for a later try."""
    return [await _again(shop, delivery) for delivery in held]


async def _jobs(shop: Workshop, claimed: Sequence[ledger.ClaimedSend]) -> list[_Job]:
    """A mail that several sends share is taken apart once."""
    texts: dict[str, Text] = {}
    jobs = []
    async for send in composing.in_turns(claimed):
        shelf_id = _shelf_id(send)
        if shelf_id not in texts:
            texts[shelf_id] = await _apart(shop, send)
        text = texts[shelf_id]
        person = text.wish.people[send.recipient]
        jobs.append(_Job(send=send, text=text, person=person, part=text.part_of(send.recipient)))
    return jobs


async def _apart(shop: Workshop, held: ledger.ClaimedSend | ledger.Delivery) -> Text:
    wish, content = decode(held.payload)
    if held.shelf is None or not held.shelf.pieces:
        return _read(wish, content)
    content = await shop.db.read(ledger.read_pieces, held.account_id, held.shelf.id)
    return await asyncio.to_thread(_read, wish, content)


def _read(wish: Wish, content: bytes) -> Text:
    text = Text.read(wish, content)
    if isinstance(text, mail.Malformed):
        raise CannotRepeat("a header that was accepted cannot be read any more")
    return text


def _look_up(conn: database.Connection, jobs: Sequence[_Job], now: datetime) -> _Facts:
    """All facts about a batch, in few statements."""
    names: dict[int, set[str]] = {}
    for job in jobs:
        names.setdefault(job.place[0], set()).add(job.place[1])
    slots = [
        slot for job in jobs for slot in composing.suppression_slots(job.place[0], STREAM, job.person.address)
    ]  # fmt: skip
    return _Facts(
        accounts=accounts.states(conn, names),
        connected={
            (account_id, name): domain
            for account_id, wanted in names.items()
            for name, domain in domains.connected(conn, account_id, wanted).items()
        },
        suppressions=feedback.find_suppressions(conn, slots, now),
    )


def _decide(job: _Job, facts: _Facts) -> _Plan | Refusal:
    """The first reason against the send, or the plan for it."""
    account_id, name = job.place
    stopped = composing.suspended(facts.accounts.get(account_id))
    if stopped is not None:
        return stopped
    domain = facts.connected.get(job.place)
    if domain is None:
        return composing.not_connected(name)
    suppression = composing.suppression_of(account_id, STREAM, job.person.address, facts.suppressions)
    return _Plan(job=job, domain=domain) if suppression is None else composing.suppressed(suppression)


async def _contacts(shop: Workshop, jobs: Sequence[_Job]) -> dict[ledger.SendId, crm.ContactId]:
    """Whom the mails are on the timeline of: only people it is to, and strangers only if the token makes contacts."""
    people = [job for job in jobs if job.part is ledger.Part.TO]
    makers = [job for job in people if job.text.wish.create_contact]
    others = [job for job in people if not job.text.wish.create_contact]
    found: dict[ledger.SendId, crm.ContactId] = {}
    if makers:
        wanted = [
            crm.Wanted(account_id=job.send.account_id, address=job.person.address, source="smtp_api") for job in makers
        ]
        made = await shop.db.write(crm.find_or_create_contacts, wanted, shop.now())
        found |= {job.send.id: contact.id for job, contact in zip(makers, made, strict=True)}
    return found | (await shop.db.read(_known_contacts, others) if others else {})


def _known_contacts(conn: database.Connection, jobs: Sequence[_Job]) -> dict[ledger.SendId, crm.ContactId]:
    found: dict[ledger.SendId, crm.ContactId] = {}
    for account_id in {job.send.account_id for job in jobs}:
        mine = [job for job in jobs if job.send.account_id == account_id]
        contacts = crm.find_contacts(conn, account_id, [job.person.address for job in mine])
        found |= {job.send.id: contact.id for job, contact in zip(mine, contacts, strict=True) if contact is not None}
    return found


async def _begin(shop: Workshop, plan: _Plan, contact: crm.ContactId | None, keys: Keys) -> Begun:
    job, send = plan.job, plan.job.send
    stamp = Stamp(
        send=send, send_id=send.id, message_id=_shelf_id(send), at=send.requested_at, recipient=job.person.address,
        part=job.part, domain=plan.domain, hostname=shop.hostname,
    )  # fmt: skip
    copy = await _copied(shop, job.text, stamp, keys)
    notify = _notify(job.text, job.person)
    outset = Outset(
        send=send, campaign_id=job.text.wish.campaign_id, contact_ids=() if contact is None else (contact,),
        sender=job.text.heading.from_[0].spec, subject=job.text.heading.subject, facts=_facts(job, copy),
        detail={"emailId": send.email_id}, person=job.person.address.spec,
    )  # fmt: skip
    # In the ledger each recipient of a submitted mail is the one its own send is to.
    return composing.begin(
        shop,
        outset,
        [(ledger.Part.TO, job.person.address)],
        lambda new: _parcel(shop, new, plan.domain, copy, job.text, notify),
    )


async def _again(shop: Workshop, delivery: ledger.Delivery) -> Ready:
    text = await _apart(shop, delivery)
    address = mail.parse_address(delivery.recipient)
    author = text.heading.from_[0].address.ascii_domain.lower()
    domain = await shop.db.read(domains.find_domain, delivery.account_id, author)
    if domain is None or isinstance(address, mail.Malformed):
        raise CannotRepeat(f"the sending domain of send {delivery.send_id} is gone")
    stamp = Stamp(
        send=delivery, send_id=delivery.send_id, message_id=_shelf_id(delivery), at=delivery.accepted_at,
        recipient=text.wish.people[address.key].address, part=text.part_of(address.key), domain=domain,
        hostname=shop.hostname,
    )  # fmt: skip
    copy = await _copied(shop, text, stamp, await shop.keyring.of([domain], shop.now()))
    notify = _notify(text, text.wish.people[address.key])
    return delivery, _parcel(shop, delivery, domain, copy, text, notify)


async def _copied(shop: Workshop, text: Text, stamp: Stamp, keys: Keys) -> Copy:
    signing = keys[stamp.domain.account_id, stamp.domain.name]
    if len(text.original.raw) <= _LARGE:
        return make_copy(text, stamp, signing, shop.tools)
    return await asyncio.to_thread(make_copy, text, stamp, signing, shop.tools)


def _notify(text: Text, person: Person) -> outbound.Notify | None:
    """What the sender wants to be told by mail; nothing, where nothing was said or nobody is to be told."""
    wish = text.wish
    if not wish.mail_from or not (person.notify or person.orcpt or wish.envid or wish.ret):
        return None
    return outbound.Notify(
        address=wish.mail_from, domain=text.author.ascii_domain.lower(),
        wish=smtp.Wish(notify=person.notify, orcpt=person.orcpt), ret=wish.ret, envid=wish.envid,
    )  # fmt: skip


def _parcel(
    shop: Workshop,
    new: ledger.NewDelivery | ledger.Delivery,
    domain: domains.Domain,
    copy: Copy,
    text: Text,
    notify: outbound.Notify | None,
) -> outbound.Parcel:
    return outbound.Parcel(
        mail_from=shop.tools.return_path(domain, new), rcpt_to=new.recipient, site_domain=new.domain,
        message=copy.content, smtputf8=copy.smtputf8, eight_bit=copy.eight_bit, notify=notify,
        tls_required=text.wish.tls_required, tls_relaxed=text.is_tls_relaxed and not text.wish.tls_required,
    )  # fmt: skip


def _facts(job: _Job, copy: Copy) -> ledger.Facts:
    facts: dict[str, str] = {}
    if job.part is not ledger.Part.TO:
        facts["part"] = job.part.value
    if copy.untracked is not None:
        facts["untracked"] = copy.untracked
    return facts


def _drop(shop: Workshop, job: _Job, refusal: Refusal) -> Ended:
    return composing.drop(
        shop, job.send, refusal, campaign_id=job.text.wish.campaign_id, notice=_notice(shop, job, refusal)
    )


def _notice(shop: Workshop, job: _Job, refusal: Refusal) -> ledger.NewSend | None:
    notify = _notify(job.text, job.person)
    if notify is None:
        return None
    news = composing.notices.News(
        account_id=job.send.account_id, action="failed", recipient=job.person.address, notify=notify,
        arrival=job.send.requested_at, original=job.text.original.raw, status="5.7.1", reply=refusal.explanation,
        tls_required=job.text.wish.tls_required,
    )  # fmt: skip
    return composing.notices.notice(news, shop.hostname, shop.now())


def _shelf_id(held: ledger.ClaimedSend | ledger.Delivery) -> str:
    if held.shelf is not None:
        return held.shelf.id
    return held.id if isinstance(held, ledger.ClaimedSend) else held.send_id
