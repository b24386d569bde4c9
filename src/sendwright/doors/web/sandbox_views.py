"""What the templates of the sandbox are given: plain values, read in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import Final

from sendwright import database, ledger, sandbox, tracking, views
from sendwright.doors.web.sandbox_address import SendPlace, is_id
from sendwright.doors.web.sandbox_lane import Headline, Step, headline, lane, offset
from sendwright.doors.web.sandbox_mail import Opened, open_mail

_LISTED: Final = 50
_MOST_COPIES: Final = 200

TRICKS: Final = tuple((f"{trick.value}@{sandbox.TRICK_DOMAIN}", about) for trick, about in sandbox.TRICKS.items())


class Tab(StrEnum):
    """What is shown of a mail; the value stands in the address."""

    HTML = "html"
    TEXT = "text"
    HEADERS = "headers"
    LINKS = "links"
    RAW = "raw"
    EVENTS = "events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address asks to see. Anything strange means the usual."""

    tab: str
    mail_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A received mail: each recipient has one."""

    mail: sandbox.SandboxMail
    part: str
    """to, cc or bcc."""
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendView:
    """All that the page of a send shows."""

    send: ledger.Send
    headline: Headline
    steps: tuple[Step, ...]
    events: tuple[ledger.Event, ...]
    copies: tuple[Copy, ...]
    chosen: Copy | None
    opened: Opened | None
    tabs: tuple[tuple[Tab, str], ...]
    tab: Tab


def wanted(search: str, before: str) -> sandbox.Wanted:
    """One box searches for all: an address, the id of a send, or a part of the subject."""
    if is_id(search):
        return sandbox.Wanted(send_id=search, before=before, limit=_LISTED)
    if "@" in search and " " not in search:
        return sandbox.Wanted(recipient=search, before=before, limit=_LISTED)
    return sandbox.Wanted(subject=search, before=before, limit=_LISTED)


def by_day(mails: Sequence[sandbox.SandboxMail]) -> list[tuple[date, list[sandbox.SandboxMail]]]:
    """The mails under their days (UTC), in their order."""
    return [(day, list(found)) for day, found in groupby(mails, key=lambda each: each.received_at.date())]


def read_page(
    conn: database.Connection, account_id: int, place: SendPlace, asked: Asked, keys: Sequence[tracking.TrackingKey]
) -> SendView | None:
    """The page of a send; None if the account has none of this id."""
    page = views.send_page(conn, account_id, place.send_id)
    if page is None:
        return None
    found = sandbox.find(conn, account_id, sandbox.Wanted(send_id=place.send_id, limit=_MOST_COPIES))
    copies = tuple(_copy(page, mail) for mail in reversed(found.mails))
    chosen = _choose(copies, asked.mail_id)
    raw = None if chosen is None else sandbox.raw_of(conn, account_id, chosen.mail.id)
    opened = None if raw is None else open_mail(raw, keys)
    tabs = tuple(_tabs(page, opened))
    return SendView(
        send=page.send, headline=headline(page), steps=lane(page), events=page.events, copies=copies,
        chosen=chosen, opened=opened, tabs=tabs,
        tab=next((tab for tab, _ in tabs if tab.value == asked.tab), tabs[0][0]),
    )  # fmt: skip


def _copy(page: views.SendPage, mail: sandbox.SandboxMail) -> Copy:
    parts = {delivery.recipient.lower(): delivery.part.value for delivery in page.deliveries}
    return Copy(
        mail=mail, part=parts.get(mail.rcpt_to.lower(), "to"), after=offset(mail.received_at - page.send.requested_at)
    )


def _choose(copies: Sequence[Copy], mail_id: str) -> Copy | None:
    """The one that is asked for, else the newest to the recipient proper."""
    named = [copy for copy in copies if copy.mail.id == mail_id]
    proper = [copy for copy in copies if copy.part == ledger.Part.TO]
    return next(iter([*named, *reversed(proper), *copies]), None)


def _tabs(page: views.SendPage, opened: Opened | None) -> list[tuple[Tab, str]]:
    events = [(Tab.EVENTS, f"Events {len(page.events)}")]
    if opened is None:
        return events
    html = [(Tab.HTML, "HTML")] if opened.has_html else []
    rest = [(Tab.TEXT, "Text"), (Tab.HEADERS, "Headers"), (Tab.LINKS, f"Links {len(opened.links)}"), (Tab.RAW, "Raw")]
    return [*html, *rest, *events]
