"""What the cores tell their shells. The first half is the client's, the second the server's; two are shared."""

from dataclasses import field
from enum import Enum

from sendwright.smtp.envelope import Envelope
from sendwright.smtp.extensions import Extensions
from sendwright.smtp.replies import Kind, Reply
from sendwright.smtp.values import value


class Stage(Enum):
    __hash__ = object.__hash__
    """The part of a conversation that an answer belongs to; the shell's time limits are by stage."""

    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    TLS = "tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    FINAL = "final"
    RESET = "reset"
    QUIT = "quit"


@value
class StartTls:
    """Write `outgoing()`, upgrade the connection, call `tls_started()`. Nothing may be fed in between."""


@value
class Closed:
    """The conversation is over: write `outgoing()`, then close the connection. Always the last event."""

    why: str


# --- client


@value
class Ready:
    """An envelope may be sent. `secure` is true inside TLS."""

    extensions: Extensions
    secure: bool


@value
class Unusable:
    """The session ends before an envelope could be sent. `local`: the reply is our own word, not the server's."""

    stage: Stage
    reply: Reply
    local: bool


@value
class MayTransmit:
    """The server waits for the message. `recipients` are those it took. Answer with `transmit` or `abandon`."""

    recipients: tuple[str, ...]


@value
class Answer:
    """What became of one recipient, and in which stage that was decided.

    `local`: the reply is ours, because the server gave none or was not asked. `in_doubt`: the final dot was written
    and no answer came, so the server may have the message.
    """

    recipient: str
    stage: Stage
    reply: Reply
    local: bool = False
    in_doubt: bool = False

    @property
    def kind(self) -> Kind:
        """As the reply says, but 552 to RCPT counts like 452 (RFC 5321 section 4.5.3.1.10)."""
        if self.stage is Stage.RCPT and self.reply.code == 552:
            return Kind.TEMPORARY
        return self.reply.kind


@value
class Outcome:
    """The end of one envelope: an answer for each recipient, in the order of the envelope.

    `dsn_passed_on`: the server offers DSN and was told the wishes of the envelope (RFC 3461), so it owes the reports.
    """

    answers: tuple[Answer, ...]
    dot_written: bool
    dsn_passed_on: bool = False

    @property
    def in_doubt(self) -> bool:
        return any(answer.in_doubt for answer in self.answers)


@value
class ProtocolError:
    """The server broke the protocol. `said` is the start of the offending bytes, safe to show."""

    why: str
    said: str


# --- server


@value
class Mail:
    """Question: may this sender begin? The sender is empty for the null path; `size` is 0 when undeclared.

    `ret` is "FULL", "HDRS" or "" and `envid` the decoded envelope id or "" (RFC 3461).
    """

    sender: str = ""
    size: int = 0
    body_8bit: bool = False
    smtputf8: bool = False
    ret: str = ""
    envid: str = ""


@value
class Rcpt:
    """Question: is this recipient ours to take? "postmaster" may come without a domain.

    `notify` (a subset of NEVER, SUCCESS, FAILURE, DELAY) and `orcpt` (as written, still xtext) are empty when nothing
    was said (RFC 3461).
    """

    recipient: str
    notify: frozenset[str] = frozenset()
    orcpt: str = ""


@value
class Message:
    """Question: is the message taken? Accept only when it is durable. `envelope.size` is its true size."""

    envelope: Envelope
    content: bytes = field(repr=False)


@value
class Auth:
    """Question: is this who it says? The authorisation identity, when given, is never another than the user name."""

    username: str
    password: str = field(repr=False)


ClientEvent = Ready | StartTls | MayTransmit | Outcome | Unusable | ProtocolError | Closed
ServerEvent = Mail | Rcpt | Message | Auth | StartTls | Closed
