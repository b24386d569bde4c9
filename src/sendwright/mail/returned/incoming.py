"""What comes back about a mail that was sent: the shapes in which it is told."""

from dataclasses import dataclass
from enum import StrEnum, unique

from .bounce_reasons import BounceReason


@unique
class ReportKind(StrEnum):
    """What a mail is. A mail that fits nothing else is `other`."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto_reply"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedAddress:
    """One recipient that a report is about, as the report says it: nothing here is proven.

    `address` is `local@domain` as it was written, or empty where the report hides it. `status` is the enhanced code
    ("5.1.1") and `reply_code` the basic one ("550"), both empty if nobody said one. `diagnostic` is what the server
    said, on one line, at most 1,000 characters. `action` is RFC 3464's word ("failed", "delayed"), or empty.
    """

    address: str
    status: str
    reply_code: str
    reason: BounceReason
    hard: bool
    diagnostic: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedMail:
    """What the report gives back of the mail's header; each decoded, without control characters, empty if missing.

    `mid` is our X-Sendwright-MID.
    """

    message_id: str = ""
    from_: str = ""
    to: str = ""
    subject: str = ""
    return_path: str = ""
    list_unsubscribe: str = ""
    feedback_id: str = ""
    mid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingReport:
    """A mail that came back, read. All of it is a stranger's word: attribute it before anything follows from it.

    `recipients` are those that failed, are delayed or complained; `delivered` are addresses that the report says were
    reached. `feedback_type` is RFC 5965's ("abuse", "opt-out", "auth-failure" …), empty unless this is a complaint;
    only some types are a person's complaint: `is_abuse`. `original_recipients` are what Original-Recipient and
    Original-Rcpt-To name; `envelope_id` is the ENVID that the mail was sent with; `arrival` is Arrival-Date as written.
    """

    kind: ReportKind
    recipients: tuple[ReportedAddress, ...] = ()
    delivered: tuple[str, ...] = ()
    original: ReturnedMail = ReturnedMail()
    original_recipients: tuple[str, ...] = ()
    envelope_id: str = ""
    feedback_type: str = ""
    reporting_mta: str = ""
    arrival: str = ""
    from_: str = ""
    subject: str = ""
    auto_submitted: str = ""
    truncated: bool = False

    @property
    def is_abuse(self) -> bool:
        """Whether a person complained: reports of failed authentication and "this is no spam" are no complaints."""
        return self.kind is ReportKind.COMPLAINT and self.feedback_type in ("", "abuse", "fraud", "opt-out", "other")
