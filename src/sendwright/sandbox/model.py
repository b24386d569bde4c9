"""The words of the sandbox: what arrived, what is kept, and the addresses that behave ill on purpose."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

TRICK_DOMAIN = "sandbox.test"
"""Only addresses at this domain play tricks; every other address is accepted."""


class Trick(Enum):
    """How an address behaves. The value is the local part, up to a `+`."""

    BOUNCE = "bounce"
    BLOCK = "block"
    FULL = "full"
    DEFER = "defer"
    SLOW = "slow"
    DROP = "drop"
    COMPLAIN = "complain"


TRICKS: dict[Trick, str] = {
    Trick.BOUNCE: "is refused for good, as an address that does not exist (550 5.1.1)",
    Trick.BLOCK: "is refused for good, because of the sender's reputation (550 5.7.1); the address is not to blame",
    Trick.FULL: "is put off, because the mailbox is full (452 4.2.2)",
    Trick.DEFER: "is put off at the first try of a message (451 4.7.1, greylisting) and accepted at the second",
    Trick.SLOW: "is accepted after five seconds",
    Trick.DROP: "takes the first try of a message and hangs up without an answer, so that nobody knows; then accepts",
    Trick.COMPLAIN: "is accepted, and then the recipient reports the mail as spam",
}
"""What happens to mail for `<name>@sandbox.test`; each sentence goes on from "Mail to it …"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message the receiver took, for one recipient. `tls` is a version such as "TLSv1.3", None in clear."""

    account_id: int
    send_id: str
    mail_from: str
    rcpt_to: str
    subject: str
    received_at: datetime
    tls: str | None
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxMail:
    """A mail that is kept, without its octets. `id` is a UUIDv7: ids sort by time."""

    account_id: int
    id: str
    send_id: str
    mail_from: str
    rcpt_to: str
    subject: str
    received_at: datetime
    tls: str | None
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which mails to list, newest first; an empty filter lets all pass. `before` is the id the last page ended with.

    `recipient` is the whole address in any case, `subject` a part of it. At most `limit` (1 to 500) come back.
    """

    recipient: str = ""
    subject: str = ""
    send_id: str = ""
    before: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Mails, and the `before` of the next page, None when this is the last."""

    mails: tuple[SandboxMail, ...]
    next: str | None
