"""What a server knows of the client it talks to, and what that client may cost."""

from dataclasses import dataclass, field

from sendwright.smtp.chunks import Chunks
from sendwright.smtp.dots import TextReader
from sendwright.smtp.envelope import Envelope, Wish
from sendwright.smtp.events import Mail, Rcpt, ServerEvent
from sendwright.smtp.lines import Lines
from sendwright.smtp.proofs import Proof
from sendwright.smtp.replies import Reply, render_reply
from sendwright.smtp.server_life import Signal
from sendwright.smtp.values import value

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
    dsn: bool


@value
class Turn:
    """What a command leads to: a reply to write, a move in the table, an event for the shell. It does none of them.

    `wire` is the reply as it is written. The turns that come with every message are made once.
    """

    reply: Reply | None = None
    wire: bytes = b""
    signal: Signal | None = None
    event: ServerEvent | None = None


def said(answer: Reply, signal: Signal | None = None, event: ServerEvent | None = None) -> Turn:
    """A turn with words."""
    return Turn(reply=answer, wire=render_reply(answer), signal=signal, event=event)


# What stands in a session while there is nothing: the states see to it that nobody reads them.
_NO_MAIL = Mail()
_NO_RCPT = Rcpt(recipient="")
_NO_TEXT = TextReader(size_limit=0, line_limit=0)
_NO_CHUNKS = Chunks(size_limit=0, line_limit=0)
_NO_PROOF = Proof(mechanism="")


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
    proof: Proof = field(default_factory=lambda: _NO_PROOF)

    mail: Mail = _NO_MAIL
    asked: Rcpt = _NO_RCPT
    recipients: list[Rcpt] = field(default_factory=list)
    text: TextReader = _NO_TEXT
    chunks: Chunks = _NO_CHUNKS

    def forget_client(self) -> None:
        """RFC 3207 section 4.2: nothing learned in clear is kept. What the client has cost is."""
        self.helo, self.extended = "", False
        self.username, self.claimed, self.proof = None, "", _NO_PROOF
        self.forget_transaction()

    def forget_transaction(self) -> None:
        self.mail, self.asked = _NO_MAIL, _NO_RCPT
        self.recipients = []
        self.text, self.chunks = _NO_TEXT, _NO_CHUNKS

    def envelope(self, content: bytes) -> Envelope:
        mail = self.mail
        return Envelope(
            mail_from=mail.sender,
            rcpt_to=tuple([rcpt.recipient for rcpt in self.recipients]),
            size=len(content),
            body_8bit=mail.body_8bit or not content.isascii(),
            smtputf8=mail.smtputf8,
            ret=mail.ret,
            envid=mail.envid,
            wishes=self._wishes(),
        )

    def _wishes(self) -> tuple[Wish, ...]:
        if not self.terms.dsn or not any(rcpt.notify or rcpt.orcpt for rcpt in self.recipients):
            return ()
        return tuple(Wish(notify=rcpt.notify, orcpt=rcpt.orcpt) for rcpt in self.recipients)

    @property
    def protocol(self) -> str:
        if not self.extended:
            return "SMTP"
        name = "UTF8SMTP" if self.mail.smtputf8 else "ESMTP"
        return name + "S" * self.secure + "A" * (self.username is not None)
