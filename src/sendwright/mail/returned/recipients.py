"""The recipients of a report: fields for programs and words for people, put together, and a verdict on each."""

import re
from dataclasses import dataclass, field, replace
from typing import Final

from sendwright.mail.headers import clean

from . import lines
from .bounce_reasons import BounceReason
from .fields import Group, Status, read_status, read_status_in_words
from .incoming import ReportedAddress
from .notices import Notice, NoticedAddress
from .pieces import Pieces
from .reasons import is_hard, reason_of_texts
from .sentences import Named, command_alone, command_in, named_in, quoted

_MAX_DIAGNOSTIC: Final = 1_000
_MAX_SEGMENT: Final = 2_000
# Amazon's receiving servers bounce with a text that the owner of a rule chose ("mailbox does not exist" is a preset).
_RULES_OF_OWNERS: Final = re.compile(r"dns; ?inbound-smtp\.[a-z0-9.-]{1,60}\.amazonaws\.com", re.IGNORECASE)
_REACHED: Final = frozenset({"delivered", "relayed", "expanded"})
_CATEGORIES: Final = {
    "bad-mailbox": BounceReason.USER_UNKNOWN,
    "bad-domain": BounceReason.HOST_UNKNOWN,
    "inactive-mailbox": BounceReason.SUSPEND,
    "quota-issues": BounceReason.MAILBOX_FULL,
    "message-expired": BounceReason.EXPIRED,
    "spam-related": BounceReason.SPAM_DETECTED,
    "virus-related": BounceReason.VIRUS_DETECTED,
    "policy-related": BounceReason.POLICY_VIOLATION,
    "content-related": BounceReason.CONTENT_ERROR,
    "invalid-sender": BounceReason.REJECTED,
    "relaying-issues": BounceReason.NO_RELAYING,
    "no-answer-from-host": BounceReason.NETWORK_ERROR,
    "bad-connection": BounceReason.NETWORK_ERROR,
    "routing-errors": BounceReason.NETWORK_ERROR,
    "protocol-errors": BounceReason.SYNTAX_ERROR,
    "bad-configuration": BounceReason.SYSTEM_ERROR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a report says of its recipients. `by_fields`: a part for programs said it; `by_header`: a field of the mail
    did (X-Failed-Recipients)."""

    recipients: tuple[ReportedAddress, ...]
    delivered: tuple[str, ...] = ()
    original_recipients: tuple[str, ...] = ()
    mail: lines.Fields = field(default_factory=list)
    by_fields: bool = False
    by_header: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """What there is about one recipient. `texts` are in the order in which they are believed."""

    address: str
    texts: tuple[str, ...]
    status: str = ""
    action: str = ""
    command: str = ""
    category: str = ""


def told_by(pieces: Pieces) -> Told:
    """The recipients that the pieces of a mail name."""
    named = named_in(pieces.words)
    status = read_status(pieces.machine) if pieces.machine else read_status_in_words(pieces.words)
    if status.groups:
        return _by_fields(pieces, status, named)
    failed = lines.addresses_in(pieces.root.value("X-Failed-Recipients"))
    if not named:
        addresses = failed or lines.addresses_in(lines.first(pieces.returned, "to"))[:1] or [""]
        named = [Named(address=address, said=[pieces.words]) for address in addresses]
    alone = len(named) == 1
    recipients = tuple(_verdict(_of_words(one, pieces.words if alone else one.around)) for one in named)
    return Told(recipients=recipients, by_header=bool(failed))


def of_notice(notice: Notice) -> tuple[ReportedAddress, ...]:
    """The verdicts of a bounce notice in JSON."""
    return tuple(_verdict(_of_noticed(noticed)) for noticed in notice.recipients)


def _of_noticed(noticed: NoticedAddress) -> _Evidence:
    return _Evidence(
        address=noticed.address,
        texts=(noticed.diagnostic,),
        status=noticed.status,
        action=noticed.action,
    )


def _by_fields(pieces: Pieces, status: Status, named: list[Named]) -> Told:
    by_address = {one.address.lower(): one for one in named}
    reached = [group for group in status.groups if group.action in _REACHED]
    failed = [group for group in status.groups if group.action not in _REACHED]
    alone = len(failed) == 1
    evidence = []
    for group in failed:
        known = (by_address.get(address.lower()) for address in group.addresses)
        one = next(filter(None, known), None) or (named[0] if alone and len(named) == 1 else None)
        evidence.append(_of_group(group, one, pieces if alone else None))
    verdicts = [_verdict(one) for one in evidence]
    if _RULES_OF_OWNERS.fullmatch(lines.first(status.mail, "reporting-mta")[: lines.MAX_LINE]):
        verdicts = [_softened(verdict) for verdict in verdicts]
    originals = (lines.address_in(group.value("original-recipient")) for group in status.groups)
    return Told(
        recipients=tuple(verdicts),
        delivered=tuple(group.address for group in reached if group.address),
        original_recipients=tuple(dict.fromkeys(address for address in originals if address)),
        mail=status.mail,
        by_fields=True,
    )


def _of_group(group: Group, named: Named | None, pieces: Pieces | None) -> _Evidence:
    said = named.text[:_MAX_SEGMENT] if named else ""
    words = pieces.words[:_MAX_SEGMENT] if pieces else ""
    return _Evidence(
        address=group.address or (named.address if named else "") or (_fallback(pieces) if pieces else ""),
        texts=(group.diagnostic, _comment(group.value("status")), quoted(said), said, words),
        status=group.status,
        action=group.action,
        command=_command(named, group.diagnostic, said, words),
        category=group.value("x-powermta-bouncecategory"),
    )


def _softened(verdict: ReportedAddress) -> ReportedAddress:
    if verdict.reason is not BounceReason.USER_UNKNOWN:
        return verdict
    return replace(verdict, reason=BounceReason.FILTERED, hard=False)


def _fallback(pieces: Pieces) -> str:
    """The recipient where the report names none: whom the mail was addressed to."""
    return lines.address_in(pieces.root.value("X-Failed-Recipients")) or lines.address_in(
        lines.first(pieces.returned, "to")
    )


def _comment(status: str) -> str:
    """The words behind an enhanced code in a Status field."""
    return status.partition(" ")[2]


def _of_words(named: Named, words: str) -> _Evidence:
    said = named.text[:_MAX_SEGMENT]
    return _Evidence(
        address=named.address,
        texts=(quoted(said), said, quoted(words), words[:_MAX_SEGMENT]),
        command=_command(named, "", said, words[:_MAX_SEGMENT]),
    )


def _command(named: Named | None, diagnostic: str, said: str, words: str) -> str:
    return (
        (named.command if named else "")
        or command_in(diagnostic)
        or command_in(said)
        or command_in(words)
        or command_alone(said)
    )


def _verdict(evidence: _Evidence) -> ReportedAddress:
    status = _status(evidence)
    reply_code = next((code for code in map(lines.reply_in, evidence.texts) if code), "")
    reason = _reason(evidence, status, reply_code)
    diagnostic = next((text for text in evidence.texts if text.strip()), "")
    return ReportedAddress(
        address=evidence.address,
        status=status,
        reply_code=reply_code,
        reason=reason,
        hard=is_hard(reason, status, reply_code),
        diagnostic=clean(" ".join(diagnostic[: 2 * _MAX_DIAGNOSTIC].split()))[:_MAX_DIAGNOSTIC],
        action=evidence.action,
    )


def _status(evidence: _Evidence) -> str:
    """The server's own code where it tells more than the field, which a mailer may have filled in by itself."""
    own, *others = [lines.status_in(text) for text in evidence.texts]
    candidates = [own, evidence.status, *([] if own else others)]
    refusing = [code for code in candidates if code and not code.startswith("2")]
    telling = [code for code in refusing if not code.endswith(".0.0")]
    return next(iter([*telling, *refusing]), "")


def _reason(evidence: _Evidence, status: str, reply_code: str) -> BounceReason:
    if evidence.category in _CATEGORIES:
        return _CATEGORIES[evidence.category]
    if evidence.action == "delayed" and status[2:4] not in ("1.", "2.", "7."):
        # Nothing has been refused yet: the codes are those of a queue.
        reason = reason_of_texts("", "", evidence.texts)
        return BounceReason.EXPIRED if reason is BounceReason.ON_HOLD else reason
    return reason_of_texts(status, reply_code, evidence.texts, command=evidence.command)
