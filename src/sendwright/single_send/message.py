"""From a plan to the bytes: rendered, tracked, written, signed. The same plan and snapshot give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sendwright import composing, domains, emails, hubl, ledger, mail, outbound, tracking
from sendwright.composing import Tools, Trail
from sendwright.single_send.rules import Plan

_PRODUCT = "sendwright"
_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What composing looked up and may have changed by the next try. ``copies``: the addresses of cc and bcc mailed."""

    version: int
    contact: Mapping[str, str]
    copies: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """As it waits in the ledger."""
        kept = {"version": self.version, "contact": dict(self.contact), "copies": self.copies}
        return _as_json(kept).encode()

    @classmethod
    def decode(cls, text: bytes) -> Snapshot:
        """Back from the ledger."""
        kept = json.loads(text)
        return cls(version=kept["version"], contact=kept["contact"], copies=tuple(kept["copies"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A mail ready to leave: one form for the person it is to, one without tracking for copies."""

    domain: domains.Domain
    """Whose return path its deliveries have."""
    subject: str
    """As the timeline and the lists show it: without any custom property."""
    sender: str
    tracked: bytes = field(repr=False)
    copy: bytes | None = field(repr=False)
    """None when nobody gets a copy."""
    smtputf8: bool = False


def make_message(
    plan: Plan, contact: Mapping[str, str], keys: Sequence[outbound.SigningKey], tools: Tools
) -> Message | emails.MissingProperties | emails.RenderFault:
    """The message of a plan, or why it cannot be made."""
    values = _values(plan, contact, tools)
    if isinstance(values, emails.RenderFault):
        return values
    rendered = emails.render(plan.version, values)
    if not isinstance(rendered, emails.RenderedMail):
        return rendered
    words = _Words(
        author=plan.people.from_ or mail.Mailbox(name=rendered.from_name, address=plan.sender),
        subject=rendered.subject, text=rendered.text or mail.text_from_html(rendered.html),
    )  # fmt: skip
    trail = Trail(account_id=plan.send.account_id, send_id=plan.send.id, domain=plan.domain)
    tracked = composing.tracked(rendered.html, trail, tools).html
    copies = bool(plan.people.cc or plan.people.bcc)
    return Message(
        domain=plan.domain,
        subject=_shown_subject(plan.version, values, rendered),
        sender=words.author.spec,
        tracked=_signed(plan, _letter(plan, words, tracked, tools.complaint_headers(plan.domain, plan.send.id)), keys),
        copy=_signed(plan, _letter(plan, words, rendered.html, ()), keys) if copies else None,
        smtputf8=words.author.address.needs_smtputf8
        or any(box.address.needs_smtputf8 for box in (plan.people.to, *plan.people.cc, *plan.people.reply_to)),
    )


def web_version_url(tools: Tools, account_id: int, send_id: ledger.SendId) -> str:
    """The page that shows a mail in the browser."""
    token = tracking.seal_web_version(tools.tracking_keys, tracking.WebVersion(account_id=account_id, send_id=send_id))
    return f"{tools.public_url}/t/v/{token}"


def _values(plan: Plan, contact: Mapping[str, str], tools: Tools) -> hubl.Values | emails.RenderFault:
    return emails.context(
        plan.version,
        now=plan.send.requested_at,
        custom=plan.wish.custom_properties,
        contact=contact,
        links={"view_as_page_url": web_version_url(tools, plan.send.account_id, plan.send.id)},
    )


def _shown_subject(version: emails.PublishedVersion, values: hubl.Values, rendered: emails.RenderedMail) -> str:
    """TL02: what a caller gave for this mail alone stays out of lists and timelines."""
    template = version.parts.subject
    if isinstance(template, str) or not (
        template.manifest.required or template.manifest.optional or template.manifest.dynamic
    ):
        return rendered.subject
    match template.render(hubl.Values(names={**values.names, "custom": {}})):
        case hubl.Rendered(text=text):
            return " ".join("".join(c if c.isprintable() else " " for c in text).split())
        case _:
            return version.name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What both forms of a message say alike."""

    author: mail.Mailbox
    subject: str
    text: str


def _letter(plan: Plan, words: _Words, html: str, complaint: Sequence[tuple[str, str]]) -> mail.Letter:
    """``complaint``: who complains about a copy is not the person that the send is to, so copies have none."""
    send = plan.send
    return mail.Letter(
        from_=(words.author,),
        to=(plan.people.to,),
        cc=plan.people.cc,
        reply_to=plan.people.reply_to or _reply_to(plan.version),
        subject=words.subject,
        date=send.requested_at,
        message_id=f"{send.id}@{plan.domain.name}",
        text=words.text,
        html=html,
        extra_headers=(
            ("X-Sendwright-MID", ledger.mid(send.account_id, send.id)),
            ("Feedback-ID", f"{plan.version.campaign_id}:{send.account_id}:{send.stream}:{_PRODUCT}"),
            *complaint,
        ),
        boundary=send.id,
    )


def _reply_to(version: emails.PublishedVersion) -> tuple[mail.Mailbox, ...]:
    box = mail.parse_mailbox(version.reply_to) if version.reply_to else mail.Malformed(reason="none given")
    return () if isinstance(box, mail.Malformed) else (box,)


def _signed(plan: Plan, letter: mail.Letter, keys: Sequence[outbound.SigningKey]) -> bytes:
    message = mail.write(letter)
    return outbound.sign(message, keys, plan.send.requested_at) + message
