"""A letter and its bytes."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Final

from . import headers
from .addresses import Mailbox
from .headers import HeaderInjection
from .transfer import base64

# Written here and nowhere else; a second one would make two readers see two mails. Bcc would tell its secret.
_OWN_NAMES: Final = frozenset(
    {"from", "sender", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "mime-version"}
    | {"content-type", "content-transfer-encoding", "content-disposition", "content-id"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What to write. `ValueError` if the date is naive or nobody is the author.

    `message_id` is `left@right` without angle brackets. `boundary` is a seed: the real boundary is derived from it, so
    the same letter is the same bytes over retries. `extra_headers` are free text in the order given; the fields that
    the letter writes itself are refused among them.
    """

    from_: tuple[Mailbox, ...]
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    subject: str
    date: datetime
    message_id: str
    text: str | None
    html: str | None
    extra_headers: tuple[tuple[str, str], ...] = ()
    boundary: str

    def __post_init__(self) -> None:
        if self.date.tzinfo is None:
            raise ValueError("the date of a letter needs a time zone")
        if not self.from_:
            raise ValueError("a letter needs an author")


def write(letter: Letter) -> bytes:
    """The letter as octets fit for any relay: CRLF, lines of at most 998, seven bits but for UTF-8 local parts.

    Bodies are always base64: it needs no look at the lines, cannot collide with the boundary, survives every hop and is
    the cheapest that does. Raises `HeaderInjection` for a header name, Message-ID or block that is not what it ought to
    be. Source: RFC 5322, 2045-2047, 6532.
    """
    fields = _fields(letter)
    names = [name for name, _ in fields]
    if letter.text is not None and letter.html is not None:
        start, body = _alternative(letter.text, letter.html, letter.boundary)
    elif letter.html is not None:
        start, body = _single("html", letter.html)
    else:
        start, body = _single("plain", letter.text or "")
    block = ("".join(field for _, field in fields) + start).encode("utf-8", "replace")
    names += [line.partition(":")[0] for line in start.split("\r\n")[:-1]]
    headers.check_block(block, names)
    return b"".join((block, b"\r\n", body))


def _fields(letter: Letter) -> list[tuple[str, str]]:
    fields = [("Date", headers.date(letter.date)), ("From", headers.mailboxes("From", letter.from_))]
    for name, boxes in (("Reply-To", letter.reply_to), ("To", letter.to), ("Cc", letter.cc)):
        if boxes:
            fields.append((name, headers.mailboxes(name, boxes)))
    fields.append(("Subject", headers.unstructured("Subject", letter.subject)))
    fields.append(("Message-ID", headers.message_id(letter.message_id)))
    for name, value in letter.extra_headers:
        headers.check_name(name)
        if name.lower() in _OWN_NAMES:
            raise HeaderInjection("this header is written by the letter itself and cannot be an extra one")
        fields.append((name, headers.unstructured(name, value)))
    fields.append(("MIME-Version", "MIME-Version: 1.0\r\n"))
    return fields


def _alternative(text: str, html: str, seed: str) -> tuple[str, bytes]:
    """The plain part first: readers take the last they can show (RFC 2046 5.1.4)."""
    # "=_" is not in the base64 alphabet, so no line of a part can be the boundary.
    boundary = "=_" + blake2b(seed.encode("utf-8", "replace"), digest_size=12).hexdigest()
    delimiter = f"--{boundary}\r\n".encode()
    parts = b"".join(
        (delimiter, _PLAIN_PART, _base64(text), delimiter, _HTML_PART, _base64(html), f"--{boundary}--\r\n".encode())
    )
    return f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n', parts


def _single(subtype: str, content: str) -> tuple[str, bytes]:
    return _part_header(subtype), _base64(content)


def _part_header(subtype: str) -> str:
    return f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"


_PLAIN_PART: Final = (_part_header("plain") + "\r\n").encode()
_HTML_PART: Final = (_part_header("html") + "\r\n").encode()


def _base64(content: str) -> bytes:
    """The text in its canonical form (RFC 2046 4.1.1: CRLF; no NUL), as base64 lines each with CRLF."""
    octets = content.encode("utf-8", "replace")
    if b"\r" in octets:
        octets = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\0" in octets:
        octets = octets.replace(b"\0", b"")
    encoded = base64(octets.replace(b"\n", b"\r\n"))
    return encoded + b"\r\n" if encoded else encoded
