"""The commands that the client writes, as lines without their CRLF."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sendwright.smtp.dsn import mail_words, rcpt_words
from sendwright.smtp.envelope import Envelope
from sendwright.smtp.extensions import Extensions

_EHLO_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,253}[A-Za-z0-9])?|\[[0-9A-Za-z:.]{1,60}\]")
_INITIAL_RESPONSE = 496
"""RFC 4954 section 4: with its initial response, AUTH may not be longer than a command line, 512 octets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Shown by AUTH PLAIN, or LOGIN when only that is offered. Neither part may hold a NUL."""

    username: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        if "\0" in self.username + self.password:
            raise ValueError("neither a user name nor a password may have a NUL")


def checked_name(ehlo_name: str) -> str:
    """The name when it may stand behind EHLO; raises ValueError when it may not."""
    if _EHLO_NAME.fullmatch(ehlo_name) is None:
        raise ValueError("the EHLO name is a domain name or an address literal like [192.0.2.1]")
    return ehlo_name


def mail_command(envelope: Envelope, extensions: Extensions) -> str:
    """MAIL with every parameter that the envelope needs and the server knows."""
    size = f" SIZE={envelope.size}" if envelope.size and "SIZE" in extensions else ""
    body = " BODY=8BITMIME" if envelope.body_8bit else ""
    utf8 = " SMTPUTF8" if envelope.smtputf8 else ""
    wished = (envelope.ret or envelope.envid) and "DSN" in extensions
    wishes = mail_words(envelope.ret, envelope.envid) if wished else ""
    return f"MAIL FROM:<{envelope.mail_from}>{size}{body}{utf8}{wishes}"


def rcpt_command(envelope: Envelope, place: int, *, dsn: bool) -> str:
    """RCPT for the recipient at this place of the envelope."""
    wishes = ""
    if dsn and envelope.wishes:
        wish = envelope.wishes[place]
        wishes = rcpt_words(wish.notify, wish.orcpt, smtputf8=envelope.smtputf8)
    return f"RCPT TO:<{envelope.rcpt_to[place]}>{wishes}"


def auth_lines(credentials: Credentials, mechanisms: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The lines of AUTH in order (RFC 4616 for PLAIN), each with the form in which it may be shown."""
    username, password = credentials.username.encode(), credentials.password.encode()
    if "PLAIN" not in mechanisms:
        yield "AUTH LOGIN", "AUTH LOGIN"
        yield _encoded(username)
        yield _encoded(password)
        return
    response, hidden = _encoded(b"\0%b\0%b" % (username, password))
    if len(response) <= _INITIAL_RESPONSE:
        yield "AUTH PLAIN " + response, "AUTH PLAIN " + hidden
    else:
        yield "AUTH PLAIN", "AUTH PLAIN"
        yield response, hidden


def _encoded(secret: bytes) -> tuple[str, str]:
    return base64.b64encode(secret).decode(), "***"
