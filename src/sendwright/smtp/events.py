"""What the cores tell their shells. The first half is the client's, the second the server's; two are shared."""

from dataclasses import dataclass, field
from enum import Enum

from sendwright.smtp.envelope import Envelope
from sendwright.smtp.extensions import Extensions
from sendwright.smtp.replies import Kind, Reply


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


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTls:
    """Write `outgoing()`, upgrade the connection, call `tls_started()`. Nothing may be fed in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The conversation is over: write `outgoing()`, then close the connection. Always the last event."""

    why: str


# --- client


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An envelope may be sent. `secure` is true inside TLS."""

    extensions: Extensions
    secure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """The session ends before an envelope could be sent. `local`: the reply is our own word, not the server's."""

    stage: Stage
    reply: Reply
    local: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MayTransmit:
    """The server waits for the message. `recipients` are those it took. Answer with `transmit` or `abandon`."""

    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one envelope: an answer for each recipient, in the order of the envelope."""

    answers: tuple[Answer, ...]
    dot_written: bool

    @property
    def in_doubt(self) -> bool:
        return any(answer.in_doubt for answer in self.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolError:
    """The server broke the protocol. `said` is the start of the offending bytes, safe to show."""

    why: str
    said: str


# --- server


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Question: may this sender begin? The sender is empty for the null path; `size` is 0 when undeclared."""

    sender: str
    size: int
    body_8bit: bool
    smtputf8: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rcpt:
    """Question: is this recipient ours to take? "postmaster" may come without a domain."""

    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Question: is the message taken? Accept only when it is durable. `envelope.size` is its true size."""

    envelope: Envelope
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """Question: is this who it says? The authorisation identity, when given, is never another than the user name."""

    username: str
    password: str = field(repr=False)


ClientEvent = Ready | StartTls | MayTransmit | Outcome | Unusable | ProtocolError | Closed
ServerEvent = Mail | Rcpt | Message | Auth | StartTls | Closed
