"""A mail that came back, read: bounce, complaint, automatic reply, or none of them."""

from dataclasses import replace
from typing import Final

from sendwright.mail.headers import clean

from . import lines, phrases, sentences
from .bounce_reasons import BounceReason
from .incoming import IncomingReport, ReportedAddress, ReportKind
from .notices import Notice, read_notice
from .pieces import Pieces, returned_mail, take_apart
from .recipients import Told, of_notice, told_by

_MAX_COMPLAINED: Final = 1_000
_BOUNCE: Final = 4  # points of evidence that make a bounce of a mail without fields for programs


def read_report(raw: bytes) -> IncomingReport:
    """Read any bytes as a report about a mail that was sent; never raises, linear, looks at the first 1 MB.

    Sources: RFC 3464, RFC 6533 (status), RFC 5965 (complaints), RFC 3834 (automatic replies), and the habits of mailers
    that know none of them. Nothing in a report is proven: it says what somebody wrote.
    """
    pieces = take_apart(raw)
    notice = read_notice(pieces.text)
    if notice:
        return _of_notice(pieces, notice)
    if pieces.root.value("X-Apple-Unsubscribe").lower() == "true":
        return _opt_out(pieces)
    if pieces.complaint or _is_old_complaint(pieces):
        return _complaint(pieces)
    return _bounce(pieces) or _neither(pieces)


def _frame(pieces: Pieces, kind: ReportKind) -> IncomingReport:
    """What is said of every mail."""
    root = pieces.root
    return IncomingReport(
        kind=kind,
        original=returned_mail(pieces.returned),
        from_=root.value("From")[: lines.MAX_LINE],
        subject=root.value("Subject")[: lines.MAX_LINE],
        auto_submitted=root.value("Auto-Submitted").partition(";")[0].partition("(")[0].strip().lower()[:40],
        truncated=pieces.truncated,
    )


def _of_notice(pieces: Pieces, notice: Notice) -> IncomingReport:
    pieces.returned = list(notice.headers)
    match notice.kind:
        case "bounce":
            return replace(_frame(pieces, ReportKind.BOUNCE), recipients=of_notice(notice))
        case "complaint":
            frame = _frame(pieces, ReportKind.COMPLAINT)
            accused = tuple(_complained(noticed.address) for noticed in notice.recipients)
            return replace(frame, recipients=accused or (_complained(""),), feedback_type=notice.feedback_type.lower())
        case _:
            reached = tuple(noticed.address for noticed in notice.recipients)
            return replace(_frame(pieces, ReportKind.OTHER), delivered=reached)


def _opt_out(pieces: Pieces) -> IncomingReport:
    """Apple's mail reader writes a mail where a List-Unsubscribe has no link, in the name of its user."""
    sender = lines.address_in(pieces.root.value("From"))
    return replace(_frame(pieces, ReportKind.COMPLAINT), recipients=(_complained(sender),), feedback_type="opt-out")


def _is_old_complaint(pieces: Pieces) -> bool:
    """Feedback loops that are older than RFC 5965 send a sentence and the mail."""
    subject = pieces.root.value("Subject").lower()
    start = " ".join(pieces.words[:2_000].lower().split())
    return pieces.has_returned_part and any(text in subject or text in start for text in phrases.COMPLAINTS)


def _complaint(pieces: Pieces) -> IncomingReport:
    fields = [field for block in lines.blocks_of(pieces.complaint) for field in block]
    named = _all_of(fields, "original-rcpt-to") or _all_of(fields, "removal-recipient")
    addresses = named or lines.addresses_in(lines.first(pieces.returned, "to"))[:1] or [""]
    return replace(
        _frame(pieces, ReportKind.COMPLAINT),
        recipients=tuple(_complained(address) for address in addresses),
        original_recipients=tuple(_all_of(fields, "original-rcpt-to")),
        envelope_id=clean(lines.first(fields, "original-envelope-id")),
        feedback_type=clean(lines.first(fields, "feedback-type")).lower()[:40],
        reporting_mta=_untyped(lines.first(fields, "reporting-mta")),
        arrival=clean(lines.first(fields, "arrival-date") or lines.first(fields, "received-date")),
    )


def _all_of(fields: lines.Fields, name: str) -> list[str]:
    found = [lines.address_in(value) for field, value in fields if field == name]
    return [address for address in found if address][:_MAX_COMPLAINED]


def _complained(address: str) -> ReportedAddress:
    return ReportedAddress(address=address, status="", reply_code="", reason=BounceReason.FEEDBACK, hard=False)


def _bounce(pieces: Pieces) -> IncomingReport | None:
    if pieces.is_receipt:
        return None
    told = told_by(pieces)
    if not told.recipients and not told.delivered:
        return None
    if not told.by_fields and _evidence(pieces, told) < _BOUNCE:
        return None
    return replace(
        _frame(pieces, ReportKind.BOUNCE if told.recipients else ReportKind.OTHER),
        recipients=told.recipients,
        delivered=told.delivered,
        original_recipients=told.original_recipients,
        envelope_id=clean(lines.first(told.mail, "original-envelope-id")),
        reporting_mta=_untyped(lines.first(told.mail, "reporting-mta")),
        arrival=clean(lines.first(told.mail, "arrival-date")),
    )


def _untyped(value: str) -> str:
    return clean(value.rpartition(";")[2])[: lines.MAX_LINE]


def _evidence(pieces: Pieces, told: Told) -> int:
    """How much speaks for a bounce; nothing does where no mailer's sentence, list of recipients or reply code is."""
    root = pieces.root
    says_so = sentences.are_of_a_bounce(pieces.words)
    is_titled = sentences.is_subject_of_a_bounce(root.value("Subject"))
    if not (says_so or is_titled or told.by_header or any(recipient.reply_code for recipient in told.recipients)):
        return 0
    points = (
        2 * says_so,
        2 * told.by_header,
        2 * _is_from_daemon(pieces),
        2 * is_titled,
        _path(root.value("Return-Path")) == "",
        2 * (root.first("X-MLServer") is not None),
        bool(pieces.returned),
    )
    return sum(points)


def _path(value: str) -> str | None:
    """The address of a Return-Path; None if there is no such field."""
    return value.strip("<> ") if value else None


def _is_from_daemon(pieces: Pieces) -> bool:
    """Whether no person sent this: an empty From, or the names of mail systems."""
    sender = pieces.root.value("From").lower()
    return sender.strip("<> ") == "" or any(name in sender for name in phrases.DAEMONS)


def _neither(pieces: Pieces) -> IncomingReport:
    frame = _frame(pieces, ReportKind.OTHER)
    return replace(frame, kind=ReportKind.AUTO_REPLY) if _is_auto_reply(pieces, frame) else frame


def _is_auto_reply(pieces: Pieces, frame: IncomingReport) -> bool:
    """RFC 3834 5, and what responders did before and beside it."""
    subject = frame.subject.lower()
    return (
        frame.auto_submitted == "auto-replied"
        or any(pieces.root.first(name) for name in phrases.REPLY_FIELDS)
        or pieces.root.value("Precedence").lower() == "auto_reply"
        or any(word in subject for word in phrases.REPLY_SUBJECTS)
    )
