"""Words about mail: addresses, letters, submitted and received mails, reports, text from HTML.

It never looks at the clock, rolls dice, reads a disk, opens a socket or writes a log; what it is given is never
trusted, and reading it (`read…`, `parse_…`, `Original`) never raises. Start with `Letter` and `write` for what leaves,
`Original` for what is passed on, `read` for what comes in, `read_report` (in `returned/`) for what comes back,
`parse_mailbox` for addresses.
"""

from .addresses import (
    Address,
    Mailbox,
    Malformed,
    is_role_address,
    parse_address,
    parse_mailbox,
    parse_mailboxes,
)
from .headers import HeaderInjection
from .heading import Heading, read_heading
from .letters import Letter, write
from .originals import Original, fault_of_lines
from .parts import Header, Part
from .plain_text import text_from_html
from .reading import Attachment, ReadMail, read
from .reports import Action, Report, ReportedRecipient, write_report
from .returned import (
    BounceReason,
    IncomingReport,
    ReportedAddress,
    ReportKind,
    ReturnedMail,
    is_hard,
    read_report,
    reason_of,
)

__all__ = [
    "Action",
    "Address",
    "Attachment",
    "BounceReason",
    "Header",
    "HeaderInjection",
    "Heading",
    "IncomingReport",
    "Letter",
    "Mailbox",
    "Malformed",
    "Original",
    "Part",
    "ReadMail",
    "Report",
    "ReportKind",
    "ReportedAddress",
    "ReportedRecipient",
    "ReturnedMail",
    "fault_of_lines",
    "is_hard",
    "is_role_address",
    "parse_address",
    "parse_mailbox",
    "parse_mailboxes",
    "read",
    "read_heading",
    "read_report",
    "reason_of",
    "text_from_html",
    "write",
    "write_report",
]
