"""What a server knows of the client it talks to, and what that client may cost."""

from dataclasses import dataclass, field

from sendwright.smtp.chunks import Chunks
from sendwright.smtp.commands import MailCommand
from sendwright.smtp.dots import TextReader
from sendwright.smtp.envelope import Envelope
from sendwright.smtp.events import ServerEvent
from sendwright.smtp.lines import Lines
from sendwright.smtp.proofs import Proof
from sendwright.smtp.replies import Reply
from sendwright.smtp.server_life import Signal

LINE_OCTETS = 12_288
"""The longest line of all, in AUTH (RFC 4954 section 4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one client may cost. Octets are counted with CRLF and without added dots.

    `errors` are commands answered 5xx by the core itself; `idle_commands` are those that bring no mail nearer (NOOP,
    RSET, VRFY, HELP, EHLO), counted anew after each message; `waiting_octets` may come while an answer is owed.
    """

    message_octets: int = 42_000_000
    recipients: int = 100
    errors: int = 20
    idle_commands: int = 100
    auth_failures: int = 3
    text_line_octets: int = 65_536
    waiting_octets: int = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the server offers and asks for."""

    hostname: str
    limits: Limits
    starttls: bool
    auth: bool
    auth_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a command leads to: a reply to write, a move in the table, an event for the shell. It does none of them."""

    reply: Reply | None = None
    signal: Signal | None = None
    event: ServerEvent | None = None


@dataclass(slots=True, kw_only=True)
class Session:
    """The facts of one conversation. Only the server core changes them."""

    terms: Terms
    secure: bool
    lines: Lines = field(default_factory=lambda: Lines(LINE_OCTETS))
    errors: int = 0
    idle_commands: int = 0
    auth_failures: int = 0

    helo: str = ""
    extended: bool = False
    username: str | None = None
    claimed: str = ""
    proof: Proof | None = None

    mail: MailCommand = field(default_factory=MailCommand)
    asked_rcpt: str = ""
    recipients: list[str] = field(default_factory=list)
    text: TextReader | None = None
    chunks: Chunks | None = None

    def forget_client(self) -> None:
        """RFC 3207 section 4.2: nothing learned in clear is kept. What the client has cost is."""
        self.helo, self.extended = "", False
        self.username, self.claimed, self.proof = None, "", None
        self.forget_transaction()

    def forget_transaction(self) -> None:
        self.mail, self.asked_rcpt = MailCommand(), ""
        self.recipients = []
        self.text = self.chunks = None

    def envelope(self, content: bytes) -> Envelope:
        return Envelope(
            mail_from=self.mail.sender,
            rcpt_to=tuple(self.recipients),
            size=len(content),
            body_8bit=self.mail.body_8bit or not content.isascii(),
            smtputf8=self.mail.smtputf8,
        )

    @property
    def protocol(self) -> str:
        if not self.extended:
            return "SMTP"
        name = "UTF8SMTP" if self.mail.smtputf8 else "ESMTP"
        return name + "S" * self.secure + "A" * (self.username is not None)
