"""Accepting a submitted mail: judged, then made durable; only then is 250 said."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sendwright import accounts, database, ledger, mail
from sendwright.failpoints import failpoint, failpoint_soon
from sendwright.submission import rules
from sendwright.submission.admit import Office, current_standing
from sendwright.submission.model import (
    APP_ID,
    STREAM,
    Arrival,
    Person,
    Refusal,
    Requests,
    Standing,
    Taken,
    Wish,
    encode,
    read_address,
)

_LARGE = 256 * 1024
"""A larger mail is written in pieces before it is accepted, so that no commit keeps others waiting."""
_PIECE = 256 * 1024
_WITHOUT_WISHES = (None,)

Logins = Mapping[tuple[accounts.AccountId, accounts.SmtpTokenId], accounts.SmtpLogin]


async def accept(office: Office, standing: Standing, arrival: Arrival) -> Taken | Refusal:
    """One send for each recipient, on disk, or why not. Raises ``database.Unavailable``: then nothing was accepted."""
    failpoint("A3")
    current = await current_standing(office, standing)
    if current is None:
        return rules.TOKEN_ENDED
    heading = mail.read_heading(arrival.content)
    if isinstance(heading, mail.Malformed):
        return rules.bad_text(heading)
    requests = rules.read_requests(heading.requests)
    if isinstance(requests, Refusal):
        return requests
    refusal = rules.refusal_of_heading(current, heading, office.public_url) or await _refusal_of_lines(arrival)
    if refusal is not None:
        return refusal
    submitted = await _submitted(office, standing, arrival, heading, requests)
    try:
        answer = await office.db.write_together(_accept_all, submitted)
    except _KeyWasUsed as used:
        return rules.key_was_used(used.first)
    failpoint("A5")
    failpoint_soon("A6")
    if isinstance(answer, Taken):
        office.throttle.take(standing.key, len(submitted.sends), submitted.now)
    return answer


async def _refusal_of_lines(arrival: Arrival) -> Refusal | None:
    content = arrival.content
    fault = (
        mail.fault_of_lines(content)
        if len(content) <= _LARGE
        else await asyncio.to_thread(mail.fault_of_lines, content)
    )
    return None if fault is None else rules.bad_text(fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Submitted:
    standing: Standing
    sends: tuple[ledger.NewSend, ...]
    now: datetime


class _KeyWasUsed(Exception):
    def __init__(self, first: str) -> None:
        super().__init__(first)
        self.first = first


async def _submitted(
    office: Office, standing: Standing, arrival: Arrival, heading: mail.Heading, requests: Requests
) -> _Submitted:
    now = office.now()
    people = _people(arrival)
    token, head = standing.login.token, encode(_wish(standing, arrival, people, requests))
    shelf, payload = await _shelve(office, token.account_id, head, arrival.content, now)
    if requests.keep is not None:
        shelf = replace(shelf, keep_until=now + requests.keep)
    alone = len(people) == 1
    sends = [
        ledger.NewSend(
            account_id=token.account_id, id=ledger.SendId(shelf.id if alone else database.uuid7(now)),
            requested_at=now, stream=STREAM, email_id=token.email_id, app_id=APP_ID, token_id=token.id, recipient=key,
            payload=payload, payload_hash=_essence(arrival, heading, key) if requests.send_id else "",
            keys=_keys(requests.send_id, key), shelf=shelf, labels=requests.labels, terms=requests.terms,
        )
        for key in people
    ]  # fmt: skip
    return _Submitted(standing=standing, sends=tuple(sends), now=now)


def _people(arrival: Arrival) -> dict[str, Person]:
    """By the keys of their addresses: who is named twice gets one copy."""
    wishes = arrival.envelope.wishes or _WITHOUT_WISHES * len(arrival.envelope.rcpt_to)
    people: dict[str, Person] = {}
    for recipient, wish in zip(arrival.envelope.rcpt_to, wishes, strict=True):
        address = read_address(recipient)
        if isinstance(address, mail.Address):  # admit_recipient let no other pass
            notify, orcpt = (wish.notify, wish.orcpt) if wish is not None else (frozenset[str](), "")
            people.setdefault(address.key, Person(address=address, notify=notify, orcpt=orcpt))
    return people


def _wish(standing: Standing, arrival: Arrival, people: dict[str, Person], requests: Requests) -> Wish:
    token, envelope = standing.login.token, arrival.envelope
    return Wish(
        mail_from=envelope.mail_from, people=people, helo=arrival.helo, ip=arrival.ip, protocol=arrival.protocol,
        campaign_id=token.campaign_id, create_contact=token.create_contact, opens=requests.opens,
        clicks=requests.clicks, ret=envelope.ret, envid=envelope.envid, tls_required=token.tls_required,
    )  # fmt: skip


async def _shelve(
    office: Office, account_id: int, head: bytes, content: bytes, now: datetime
) -> tuple[ledger.Shelf, bytes]:
    """Where the payload will lie, and what of it is written with the sends. Large mails are written one at a time."""
    id_ = database.uuid7(now)
    if len(content) <= _LARGE:
        return ledger.Shelf(id=id_), head + content
    starts = range(0, len(content), _PIECE)
    async with office.one_large:
        for number, start in enumerate(starts):
            piece = ledger.Piece(
                account_id=account_id, payload_id=id_, number=number, content=content[start : start + _PIECE]
            )
            await office.db.write_together(ledger.shelve, piece)
    return ledger.Shelf(id=id_, pieces=len(starts), size_bytes=len(content)), head


def _keys(send_id: str | None, recipient: str) -> tuple[ledger.Key, ...]:
    if send_id is None:
        return ()
    return (ledger.Key(kind=ledger.KeyKind.SEND_ID, digest=_digest(f"{send_id}\0{recipient}")),)


def _essence(arrival: Arrival, heading: mail.Heading, recipient: str) -> str:
    """What is the same in a repeat: a program that sends anew makes other boundaries and dates, not another subject."""
    authors = ",".join(box.address.key for box in heading.from_)
    return _digest("\0".join((arrival.envelope.mail_from, recipient, authors, heading.subject)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _accept_all(conn: database.Connection, items: Sequence[_Submitted]) -> Sequence[Taken | Refusal]:
    """In the transaction that makes the mail durable the tokens are looked at once more: a reset counts at once."""
    logins = accounts.smtp_logins(conn, {item.standing.key for item in items})
    refusals = [_refusal_now(logins.get(item.standing.key), item) for item in items]
    good = [item for item, refusal in zip(items, refusals, strict=True) if refusal is None]
    _note_use(conn, logins, good)
    accepted = iter(ledger.accept(conn, [send for item in good for send in item.sends]))
    return [
        refusal or _taken(item, [next(accepted) for _ in item.sends])
        for item, refusal in zip(items, refusals, strict=True)
    ]


def _note_use(conn: database.Connection, logins: Logins, items: Sequence[_Submitted]) -> None:
    now = max((item.now for item in items), default=None)
    if now is not None:
        keys = {item.standing.key for item in items}
        unnoted = {key for key in keys if accounts.is_use_worth_noting(logins[key].token.last_used_at, now)}
        accounts.note_smtp_use(conn, unnoted, now)


def _refusal_now(login: accounts.SmtpLogin | None, item: _Submitted) -> Refusal | None:
    if login is None or not rules.is_the_same(item.standing, login, item.now):
        return rules.TOKEN_ENDED
    return rules.refusal_of_account(replace(item.standing, login=login), rules.AT_MAIL)


def _taken(item: _Submitted, sends: Sequence[ledger.Send]) -> Taken:
    """Raises ``_KeyWasUsed``, which undoes the whole mail."""
    for new, send in zip(item.sends, sends, strict=True):
        if send.id == new.id and send.result is ledger.SendResult.IDEMPOTENT_FAIL:
            raise _KeyWasUsed((send.explanation or "").partition("send ")[2].partition(",")[0])
    more = f" and {len(sends) - 1} more" if len(sends) > 1 else ""
    return Taken(text=f"accepted as {sends[0].id}{more}")
