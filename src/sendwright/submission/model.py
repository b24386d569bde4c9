"""The words of submission: who submits, what came, what was said, and how a submitted mail waits in the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache

from sendwright import accounts, ledger, mail, smtp

APP_ID = 22_709
"""The application number that events carry for the SMTP API (HubSpot's own)."""

STREAM = "transactional"

read_address = lru_cache(maxsize=4_096)(mail.parse_address)
"""The same senders come again and again, and each recipient is asked for three times on its way."""

_as_json = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A reply of the class 4 or 5, in words that say what to do."""

    code: int
    enhanced: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The mail is on disk. ``text`` is said after the code and names the send."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who is logged in, with what they may send from: as it was a moment ago. ``domains`` are A-labels."""

    login: accounts.SmtpLogin
    domains: frozenset[str]

    @property
    def key(self) -> tuple[accounts.AccountId, accounts.SmtpTokenId]:
        """Account and token."""
        return self.login.token.account_id, self.login.token.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A mail as it came. ``helo`` and ``ip`` are for the Received line only; ``protocol`` as RFC 3848 names it."""

    envelope: smtp.Envelope
    content: bytes = field(repr=False)
    helo: str
    ip: str
    protocol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """What a mail asks of us in its own ``X-Sendwright-…`` fields."""

    send_id: str | None = None
    labels: ledger.Labels | None = None
    opens: bool = True
    clicks: bool = True
    keep: timedelta | None = None
    terms: ledger.Terms = ledger.USUAL


NO_REQUESTS = Requests()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One recipient of the envelope. ``orcpt`` is still xtext."""

    address: mail.Address
    notify: frozenset[str] = frozenset()
    orcpt: str = ""


class Untracked(StrEnum):
    """Why a copy is not tracked."""

    COPY = "copy"  # a cc or bcc recipient
    OFF = "off"  # the sender's wish
    NO_HTML = "no html"  # nothing in it could be


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is kept beside the text of a submitted mail: one for all its sends."""

    mail_from: str
    people: Mapping[str, Person]
    """By the key of the address."""
    helo: str
    ip: str
    protocol: str
    campaign_id: int
    create_contact: bool
    opens: bool
    clicks: bool
    ret: str = ""
    envid: str = ""
    tls_required: bool = False


def encode(wish: Wish) -> bytes:
    """One line, to stand before the mail itself."""
    people = [(person.address.spec, sorted(person.notify), person.orcpt) for person in wish.people.values()]
    kept = (
        wish.mail_from, people, wish.helo, wish.ip, wish.protocol, wish.campaign_id, wish.create_contact, wish.opens,
        wish.clicks, wish.ret, wish.envid, wish.tls_required,
    )  # fmt: skip
    return _as_json(kept).encode() + b"\n"


def decode(payload: bytes) -> tuple[Wish, bytes]:
    """The wish and the mail, back from the ledger; no mail if it lies in pieces."""
    line, _, content = payload.partition(b"\n")
    # What stands after envid was added later: mails that were accepted before have none of it.
    mail_from, people, helo, ip, protocol, campaign_id, create_contact, opens, clicks, ret, envid, *later = json.loads(
        line
    )
    wish = Wish(
        mail_from=mail_from, people={person.address.key: person for person in map(_person, people)}, helo=helo, ip=ip,
        protocol=protocol, campaign_id=campaign_id, create_contact=create_contact, opens=opens, clicks=clicks, ret=ret,
        envid=envid, tls_required=bool(later and later[0]),
    )  # fmt: skip
    return wish, content


def _person(kept: tuple[str, list[str], str]) -> Person:
    address = read_address(kept[0])
    if isinstance(address, mail.Malformed):
        raise ValueError("an address that was accepted cannot be read")  # a fault of ours
    return Person(address=address, notify=frozenset(kept[1]), orcpt=kept[2])
