"""Whether a report is believed, and what it says: facts in, a verdict out. Each verdict says why, in a sentence.

Anybody can send us a report about anybody (attacks E1 to E5). A bounce counts only at the signed return path of the
very delivery that it is about; a complaint only with our signed name of the send inside, and under the signature of a
provider that we trust.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sendwright import feedback, ledger, mail
from sendwright.feedback import Finding, Understood

OLDEST_BOUNCE = timedelta(days=14)
OLDEST_AFTER_DELIVERY = timedelta(days=5)
OLDEST_COMPLAINT = timedelta(days=90)

_NO_FAILURE = frozenset({"delayed", "delivered", "relayed", "expanded"})
_TOKENS = "its name was not made by this installation, or was changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounced:
    """A mail that a server took came back. ``reported``: what was said of its recipient; None: nothing usable."""

    sent: ledger.SentDelivery
    reported: mail.ReportedAddress | None

    @property
    def reason(self) -> str:
        """By the reader's name."""
        return "undefined" if self.reported is None else str(self.reported.reason)

    @property
    def weight(self) -> feedback.Weight:
        """What follows for the address. A word of a passing failure never suppresses at once."""
        weight = feedback.weight_of(self.reason)
        if weight is feedback.Weight.AT_ONCE and (self.reported is None or not self.reported.hard):
            return feedback.Weight.COUNTED
        return weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Complained:
    """The recipient of a send called it spam. ``signer``: the domain that vouches for the report."""

    sent: ledger.SentDelivery
    signer: str


def judge_bounce(
    incoming: mail.IncomingReport, path: feedback.ReturnPath | None, sent: ledger.SentDelivery | None, now: datetime
) -> Bounced | Understood:
    """What a report at a return path means (E1, E2, E5)."""
    if incoming.kind == "auto_reply":
        return _ignored("an automatic answer, such as a notice of absence; the mail arrived")
    if incoming.kind != "bounce" and incoming.delivered:
        return _ignored("the report tells that the mail was passed on")
    if incoming.kind != "bounce":
        return _unattributed("this could not be read as a report about a mail")
    doubt = _doubt(path, sent, now)
    if doubt or sent is None:
        return _unattributed(doubt)
    key = key_of(sent.recipient)
    if not _may_be_about(key, incoming):
        return _unattributed("the report is about another recipient than the one that this return path was made for")
    reported = next((each for each in incoming.recipients if key_of(each.address) == key), None)
    if reported is None and incoming.recipients:
        reported = incoming.recipients[0]
    if reported is not None and reported.action.lower() in _NO_FAILURE:
        return _ignored(f"the report tells of no failure, its action is {reported.action.lower()}", sent)
    if reported is not None and feedback.weight_of(str(reported.reason)) is feedback.Weight.NOTHING:
        return _ignored(f"the report tells of no failure but of {reported.reason}", sent)
    return Bounced(sent=sent, reported=reported)


def judge_complaint(
    incoming: mail.IncomingReport,
    name: feedback.MessageName | None,
    sent: ledger.SentDelivery | None,
    signer: str | None,
    now: datetime,
) -> Complained | Understood:
    """What a complaint means (E3). ``signer``: the trusted domain whose signature on the report is right."""
    if not incoming.is_abuse:
        return _ignored(f"the report is of the type {incoming.feedback_type[:40]!r}: nobody complained")
    if name is None:
        return _unattributed(f"there is no signed name of a mail of ours inside; either there is none, or {_TOKENS}")
    if signer is None:
        return _unattributed("the report is not signed (DKIM) by a domain that is trusted with complaints")
    if sent is None or not sent.may_have_arrived:
        return _unattributed("no such mail was sent", sent)
    if now - name.made > OLDEST_COMPLAINT:
        return _unattributed(f"the mail is more than {OLDEST_COMPLAINT.days} days old", sent)
    named = incoming.original_recipients  # not whom the mail it returns is to: that is what we wrote
    if named and all(key_of(each) != key_of(sent.recipient) for each in named):
        return _unattributed("the report names another recipient than the one that the mail was sent to", sent)
    return Complained(sent=sent, signer=signer)


def trusted(domain: str, allowed: Iterable[str]) -> bool:
    """Whether a signing domain is one of these, or below one."""
    return any(domain == each or domain.endswith("." + each) for each in allowed)


def key_of(text: str) -> str:
    """An address as addresses are compared; what is none, as it is written."""
    address = mail.parse_address(text.strip().strip("<>"))
    return text.strip().lower() if isinstance(address, mail.Malformed) else address.key


def _doubt(path: feedback.ReturnPath | None, sent: ledger.SentDelivery | None, now: datetime) -> str:
    """Why nothing may follow from a report to this return path; empty if something may."""
    if path is None:
        return f"the return path is not ours: {_TOKENS}"
    if sent is None:
        return "no such mail was sent"
    if not path.is_for(key_of(sent.recipient)):
        return "the return path was made for another recipient"
    if not sent.may_have_arrived:
        return "the mail was not taken by any server, so that none can send it back"
    if now - path.made > OLDEST_BOUNCE:
        return f"the mail is more than {OLDEST_BOUNCE.days} days old"
    if sent.delivered_at is not None and now - sent.delivered_at > OLDEST_AFTER_DELIVERY:
        return f"the mail was delivered more than {OLDEST_AFTER_DELIVERY.days} days ago"
    return ""


def _may_be_about(key: str, incoming: mail.IncomingReport) -> bool:
    """A report that names nobody is about whom we mailed; one that names others is not."""
    named: Sequence[str] = [each.address for each in incoming.recipients if each.address]
    named = [*named, *incoming.original_recipients]
    return not named or any(key_of(each) == key for each in named)


def _ignored(why: str, sent: ledger.SentDelivery | None = None) -> Understood:
    return _understood(Finding.IGNORED, why, sent)


def _unattributed(why: str, sent: ledger.SentDelivery | None = None) -> Understood:
    return _understood(Finding.UNATTRIBUTED, why, sent)


def _understood(finding: Finding, why: str, sent: ledger.SentDelivery | None) -> Understood:
    if sent is None:
        return Understood(finding=finding, why=why)
    return Understood(finding=finding, why=why, send_id=sent.send_id, about=key_of(sent.recipient))
