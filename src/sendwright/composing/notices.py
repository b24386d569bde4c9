"""Notices by mail (RFC 3461, RFC 3464): a sender who asked is told that its mail failed, or where it was passed on.

A notice is a send of its own, made durable in the transaction that records what it tells. It comes from the account's
own domain, has an empty envelope sender, and there is never a notice about a notice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sendwright import database, domains, ledger, mail, outbound
from sendwright.composing.beginning import Outset, begin, drop, write
from sendwright.composing.begun import Begun, Ended
from sendwright.composing.refusals import not_connected
from sendwright.composing.workshop import Ready, Workshop

APP_ID = 22_710
"""The application number that events carry for notices."""

STREAM = "transactional"

_STATUS = re.compile(r"([245])\.\d{1,3}\.\d{1,3}")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")
_CLASSES = {"failed": "5", "relayed": "2"}
_MOST_WHOLE = 1024 * 1024
"""A larger mail is not sent back whole, even if that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What there is to tell about one recipient. ``original``: the mail, whose header or whole text goes with it.

    ``tls_required``: of the mail, and so of the notice that quotes it.
    """

    account_id: int
    action: mail.Action
    recipient: mail.Address
    notify: outbound.Notify
    arrival: datetime
    original: bytes = field(repr=False)
    status: str = ""
    remote: str = ""
    reply: str = ""
    tls_required: bool = False


def notice(news: News, reporting: str, now: datetime) -> ledger.NewSend | None:
    """The send that brings the news, if they were asked for. ``reporting``: our name."""
    wanted = {"failed": "FAILURE", "relayed": "SUCCESS", "delayed": "DELAY"}.get(news.action)
    to = mail.parse_address(news.notify.address)
    if wanted not in news.notify.wish.notify or isinstance(to, mail.Malformed):
        return None
    id_ = ledger.SendId(database.uuid7(now))
    head = json.dumps([news.notify.domain, to.spec, news.tls_required]).encode()
    payload = head + b"\n" + _report(news, to, id_, reporting, now)
    return ledger.NewSend(
        account_id=news.account_id, id=id_, requested_at=now, stream=STREAM, email_id=0, app_id=APP_ID, token_id=None,
        recipient=to.key, payload=payload, payload_hash="",
    )  # fmt: skip


async def compose(shop: Workshop, claimed: Sequence[ledger.ClaimedSend]) -> list[Ready]:
    """Signs them and lets them go."""
    items: list[Begun | Ended] = []
    for send in claimed:
        name, to, report, tls_required = _read(send.payload)
        domain = await shop.db.read(domains.find_domain, send.account_id, name)
        if domain is None:
            items.append(drop(shop, send, not_connected(name)))
            continue
        parcel = await _parcel(shop, domain, to, report, send.requested_at)
        parcel = replace(parcel, tls_required=tls_required)
        outset = Outset(
            send=send, campaign_id=0, contact_ids=(), sender=_author(name).spec, subject="Delivery status notification"
        )  # fmt: skip
        items.append(_begun(shop, outset, to, parcel))
    return await write(shop, items)


async def compose_again(shop: Workshop, held: Sequence[ledger.Delivery]) -> list[Ready]:
    """The same once more."""
    again = []
    for delivery in held:
        name, to, report, tls_required = _read(delivery.payload)
        domain = await shop.db.read(domains.find_domain, delivery.account_id, name)
        if domain is not None:
            parcel = await _parcel(shop, domain, to, report, delivery.accepted_at)
            again.append((delivery, replace(parcel, tls_required=tls_required)))
    return again


def _begun(shop: Workshop, outset: Outset, to: mail.Address, parcel: outbound.Parcel) -> Begun:
    return begin(shop, outset, [(ledger.Part.TO, to)], lambda _: parcel)


async def _parcel(
    shop: Workshop, domain: domains.Domain, to: mail.Address, report: bytes, at: datetime
) -> outbound.Parcel:
    keys = await shop.keyring.of([domain], shop.now())
    message = outbound.sign(report, keys[domain.account_id, domain.name], at) + report
    return outbound.Parcel(
        mail_from="", rcpt_to=to.wire, site_domain=to.ascii_domain.lower(), message=message,
        eight_bit=not message.isascii(), smtputf8=to.needs_smtputf8,
    )  # fmt: skip


def _read(payload: bytes) -> tuple[str, mail.Address, bytes, bool]:
    line, _, report = payload.partition(b"\n")
    name, text, *later = json.loads(line)  # notices that were made before TLS could be required end with the address
    to = mail.parse_address(text)
    if isinstance(to, mail.Malformed):
        raise ValueError("an address that was accepted cannot be read")  # a fault of ours
    return name, to, report, bool(later and later[0])


def _author(domain: str) -> mail.Mailbox:
    return mail.Mailbox(name="Mail Delivery System", address=mail.Address(local="mailer-daemon", domain=domain))


def _report(news: News, to: mail.Address, id_: ledger.SendId, reporting: str, now: datetime) -> bytes:
    told = mail.ReportedRecipient(
        address=news.recipient, action=news.action, status=_status(news), original=news.notify.wish.orcpt,
        remote_mta=news.remote if _HOST.fullmatch(news.remote) else "", diagnostic=news.reply, last_attempt=now,
    )  # fmt: skip
    report = mail.Report(
        from_=_author(news.notify.domain), to=to, date=now, message_id=f"{id_}@{news.notify.domain}", boundary=id_,
        reporting_mta=reporting, arrival=news.arrival, recipients=(told,), original=news.original,
        whole=news.notify.ret == "FULL" and len(news.original) <= _MOST_WHOLE, envelope_id=news.notify.envid,
    )  # fmt: skip
    made = mail.write_report(report)
    mid = f"X-Sendwright-MID: {ledger.mid(news.account_id, id_)}\r\n"
    return mid.encode() + made


def _status(news: News) -> str:
    """The server's own, where it says the same as the action."""
    found = _STATUS.fullmatch(news.status)
    wanted = _CLASSES.get(news.action, "4")
    return news.status if found is not None and found[1] == wanted else f"{wanted}.0.0"
