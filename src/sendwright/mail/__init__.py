"""Words about mail: addresses, letters, received mails, text from HTML.

It never looks at the clock, rolls dice, reads a disk, opens a socket or writes a log; what it is given is never
trusted and never makes `read` or a `parse_…` raise. Start with `Letter` and `write` for what leaves, `read` for what
comes in, `parse_mailbox` for addresses.
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
from .letters import Letter, write
from .parts import Header, Part
from .plain_text import text_from_html
from .reading import Attachment, ReadMail, read

__all__ = [
    "Address",
    "Attachment",
    "Header",
    "HeaderInjection",
    "Letter",
    "Mailbox",
    "Malformed",
    "Part",
    "ReadMail",
    "is_role_address",
    "parse_address",
    "parse_mailbox",
    "parse_mailboxes",
    "read",
    "text_from_html",
    "write",
]
