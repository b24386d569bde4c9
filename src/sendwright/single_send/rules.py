"""Whether a request can be sent, decided from facts: no look-up happens here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sendwright import accounts, composing, domains, emails, feedback, ledger, mail
from sendwright.composing import Refusal
from sendwright.single_send.request import STREAM, Wish

MAX_RECIPIENTS = 100
"""To, Cc and Bcc of one send together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Everybody a send names, parsed. ``from_`` is None where the template's sender is used."""

    to: mail.Mailbox
    from_: mail.Mailbox | None
    reply_to: tuple[mail.Mailbox, ...]
    cc: tuple[mail.Mailbox, ...]
    bcc: tuple[mail.Mailbox, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was looked up for a batch of sends. ``versions`` by (account, e-mail), ``connected`` by (account, name)."""

    accounts: Mapping[int, accounts.Account]
    versions: Mapping[tuple[int, int], emails.PublishedVersion]
    connected: Mapping[tuple[int, str], domains.Domain]
    suppressions: Mapping[tuple[int, str, str], feedback.Suppression]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A send that can be composed: who gets it, from whom, and from what."""

    send: ledger.ClaimedSend
    wish: Wish
    people: People
    sender: mail.Address
    version: emails.PublishedVersion
    domain: domains.Domain


def read_people(wish: Wish) -> People | Refusal:
    """Everybody parsed, or the first address that cannot be used."""
    if 1 + len(wish.cc) + len(wish.bcc) > MAX_RECIPIENTS:
        return Refusal(
            result=ledger.SendResult.TOO_MANY_RECIPIENTS,
            explanation=f"A send takes {MAX_RECIPIENTS} recipients at most, to, cc and bcc together: split it.",
        )
    try:
        return People(
            to=_recipient("to", wish.to),
            from_=None if not wish.from_ else _sender("from", wish.from_),
            reply_to=tuple(_sender("replyTo", text) for text in wish.reply_to),
            cc=tuple(_recipient("cc", text) for text in wish.cc),
            bcc=tuple(_recipient("bcc", text) for text in wish.bcc),
        )
    except _Unusable as fault:
        return fault.refusal


def decide(send: ledger.ClaimedSend, wish: Wish, people: People, facts: Facts) -> Plan | Refusal:
    """The first reason against the send, or the plan for it."""
    stopped = composing.suspended(facts.accounts.get(send.account_id))
    if stopped is not None:
        return stopped
    version = facts.versions.get((send.account_id, send.email_id))
    if version is None:
        return _no_content(send.email_id)
    sender = _address_of_sender(people, version)
    if isinstance(sender, Refusal):
        return sender
    domain = facts.connected.get((send.account_id, sender.ascii_domain.lower()))
    if domain is None:
        return composing.not_connected(sender.ascii_domain)
    suppression = _suppression_of(send.account_id, people.to.address, facts)
    if suppression is not None:
        return composing.suppressed(suppression)
    missing = version.manifest.missing(frozenset(wish.custom_properties))
    if missing:
        return missing_properties(missing)
    welcome = replace(
        people,
        cc=_without_suppressed(send.account_id, people.cc, facts),
        bcc=_without_suppressed(send.account_id, people.bcc, facts),
    )
    return Plan(send=send, wish=wish, people=welcome, sender=sender, version=version, domain=domain)


def missing_properties(names: Iterable[str]) -> Refusal:
    """The template asks for custom properties that the request did not give."""
    listed = ", ".join(sorted(names))
    return Refusal(
        result=ledger.SendResult.MISSING_TEMPLATE_PROPERTIES,
        explanation=f"The e-mail uses custom properties that customProperties did not give: {listed}.",
    )


def render_fault(fault: emails.RenderFault) -> Refusal:
    """The template could not be rendered with these values."""
    limit = fault.kind is emails.FaultKind.LIMIT
    result = ledger.SendResult.HUBL_LIMIT_EXCEEDED if limit else ledger.SendResult.TEMPLATE_RENDER_EXCEPTION
    return Refusal(result=result, explanation=fault.message)


def sender_domain(people: People, version: emails.PublishedVersion | None) -> str | None:
    """The domain that must be connected, as A-label; None if there is no sender to speak of."""
    if version is None:
        return None
    sender = _address_of_sender(people, version)
    return None if isinstance(sender, Refusal) else sender.ascii_domain.lower()


def suppression_slots(account_id: int, people: People) -> Iterable[tuple[int, str, str]]:
    """Where suppressions of the recipients would stand."""
    for box in (people.to, *people.cc, *people.bcc):
        yield from composing.suppression_slots(account_id, STREAM, box.address)


def _without_suppressed(account_id: int, copies: Iterable[mail.Mailbox], facts: Facts) -> tuple[mail.Mailbox, ...]:
    """The cc and bcc people that may be mailed: one blocked copy does not stop the mail."""
    return tuple(box for box in copies if _suppression_of(account_id, box.address, facts) is None)


class _Unusable(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.explanation)
        self.refusal = refusal


def _recipient(field: str, text: str) -> mail.Mailbox:
    box = mail.parse_mailbox(text)
    if isinstance(box, mail.Malformed):
        raise _Unusable(_invalid(ledger.SendResult.INVALID_TO_ADDRESS, field, text, box.reason))
    if mail.is_role_address(box.address):
        why = "it is a role address, which transactional mail is not sent to; use a person's address"
        raise _Unusable(_invalid(ledger.SendResult.INVALID_TO_ADDRESS, field, text, why))
    return box


def _sender(field: str, text: str) -> mail.Mailbox:
    box = mail.parse_mailbox(text)
    if isinstance(box, mail.Malformed):
        raise _Unusable(_invalid(ledger.SendResult.INVALID_FROM_ADDRESS, field, text, box.reason))
    return box


def _invalid(result: ledger.SendResult, field: str, text: str, why: str) -> Refusal:
    shown = "".join(c if c.isprintable() else "?" for c in text[:100])
    return Refusal(result=result, explanation=f"message.{field}: {shown!r} cannot be used: {why}.".replace("..", "."))


def _no_content(email_id: int) -> Refusal:
    return Refusal(
        result=ledger.SendResult.MISSING_CONTENT,
        explanation=(
            f"This account has no published single-send e-mail with the id {email_id}. "
            "Publish it, or use the id shown on its details page."
        ),
    )


def _address_of_sender(people: People, version: emails.PublishedVersion) -> mail.Address | Refusal:
    if people.from_ is not None:
        return people.from_.address
    address = mail.parse_address(version.from_address)
    if isinstance(address, mail.Malformed):
        why = f"{address.reason}. Set the e-mail's sender and publish it again"
        return _invalid(ledger.SendResult.INVALID_FROM_ADDRESS, "from", version.from_address, why)
    return address


def _suppression_of(account_id: int, address: mail.Address, facts: Facts) -> feedback.Suppression | None:
    return composing.suppression_of(account_id, STREAM, address, facts.suppressions)
