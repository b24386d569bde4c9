"""The commands that the client writes, as bytes with their CRLF."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field

from sendwright.smtp.envelope import Envelope
from sendwright.smtp.extensions import Extensions

_INITIAL_RESPONSE = 498
"""RFC 4954 section 4: with its initial response, AUTH may not be longer than a command line, 512 octets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Shown by AUTH PLAIN, or LOGIN when only that is offered. Neither part may hold a NUL."""

    username: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        if "\0" in self.username + self.password:
            raise ValueError("neither a user name nor a password may have a NUL")


def mail_command(envelope: Envelope, extensions: Extensions) -> bytes:
    """MAIL with every parameter that the envelope needs and the server knows."""
    size = f" SIZE={envelope.size}" if envelope.size and "SIZE" in extensions else ""
    body = " BODY=8BITMIME" if envelope.body_8bit else ""
    utf8 = " SMTPUTF8" if envelope.smtputf8 else ""
    return f"MAIL FROM:<{envelope.mail_from}>{size}{body}{utf8}\r\n".encode()


def rcpt_command(recipient: str) -> bytes:
    return f"RCPT TO:<{recipient}>\r\n".encode()


def auth_lines(credentials: Credentials, mechanisms: frozenset[str]) -> Iterator[tuple[bytes, bytes]]:
    """The lines of AUTH in order (RFC 4616 for PLAIN), each with the form in which it may be shown."""
    username, password = credentials.username.encode(), credentials.password.encode()
    if "PLAIN" not in mechanisms:
        yield b"AUTH LOGIN\r\n", b"AUTH LOGIN"
        yield _encoded(username)
        yield _encoded(password)
        return
    response, hidden = _encoded(b"\0%b\0%b" % (username, password))
    if len(response) <= _INITIAL_RESPONSE:
        yield b"AUTH PLAIN " + response, b"AUTH PLAIN " + hidden
    else:
        yield b"AUTH PLAIN\r\n", b"AUTH PLAIN"
        yield response, hidden


def _encoded(secret: bytes) -> tuple[bytes, bytes]:
    return base64.b64encode(secret) + b"\r\n", b"***"
