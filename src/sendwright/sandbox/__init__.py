"""The sandbox: what its built-in receiver got, kept and shown, and never sent on.

It exists so that a developer sees real mail before any DNS is set up: messages travel by SMTP over loopback to our own
receiver, which answers like a server of the world, also ill when the address asks for it (`TRICKS`). The room keeps the
newest 10,000 mails of each account.

It never sends, never reads what a mail says beyond its subject, and knows no send, account or contact but by number.

Start here: `keep` stores arrivals, `find` lists them, `get` and `raw_of` give one, `trick_for` says how an address
behaves.
"""

from sendwright.sandbox.model import (
    TRICK_DOMAIN,
    TRICKS,
    Arrival,
    Page,
    SandboxMail,
    Trick,
    Wanted,
)
from sendwright.sandbox.rules import owner_of, subject_of, trick_for
from sendwright.sandbox.store import KEPT, find, get, keep, raw_of, trim

__all__ = [
    "KEPT",
    "TRICKS",
    "TRICK_DOMAIN",
    "Arrival",
    "Page",
    "SandboxMail",
    "Trick",
    "Wanted",
    "find",
    "get",
    "keep",
    "owner_of",
    "raw_of",
    "subject_of",
    "trick_for",
    "trim",
]
