"""The mails that are submitted: 10 KB of text, a receipt of 8.5 KB with 10 links, a 30 MB attachment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

SENDER = "shop@example.com"
DOMAIN = "example.com"
_PEOPLE = 500
_SMALL_OCTETS = 10_240
_RECEIPT_OCTETS = 8_704
_LARGE_OCTETS = 30_000_000
_LINE = b"Thank you for your order. It is packed with care, and it leaves us this week.\r\n"
_WORDS = b"<p>Thank you for your order. It is packed with care and leaves our house today or tomorrow.</p>\r\n"
_HEAD = (
    b"From: The Shop <shop@example.com>\r\nTo: person%03d@example.org\r\nSubject: Order %010d\r\n"
    b"Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nMessage-ID: <%d.%010d@shop.example.com>\r\nMIME-Version: 1.0\r\n"
)
_TEXT_PART = b'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n'
_HTML_PART = b'Content-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n'
_FILE_PART = (
    b'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="plans.bin"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n"
)
_BASE64_LINE = b"QmFzZTY0IG9mIG5vdGhpbmcgaW4gcGFydGljdWxhciwgc28gdGhhdCBpdCBsb29rcyBsaWtlIGEg\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Octets as they are on the wire between DATA and the final dot: none of its lines begins with one."""

    body: bytes
    """All that follows the head's own lines: the same for every mail."""
    run: int
    """Parts the Message-IDs of one run of the generator from those of another."""

    def recipient(self, number: int) -> bytes:
        """To whom the mail of this number goes."""
        return b"person%03d@example.org" % (number % _PEOPLE)

    def head(self, number: int) -> bytes:
        """The lines that differ from mail to mail."""
        return _HEAD % (number % _PEOPLE, number, self.run, number)


def small(run: int) -> Mail:
    """10,240 octets of text."""
    return Mail(body=_filled(_TEXT_PART, _LINE, b"", _SMALL_OCTETS), run=run)


def receipt(run: int) -> Mail:
    """8.5 KB: text, and HTML with a table of 20 lines and 10 links."""
    rows = b"".join(
        b'<tr><td align="left">Article no. %d</td><td align="right">%d</td><td align="right">%d.50</td></tr>\r\n'
        % (n, n, n * 3)
        for n in range(1, 21)
    )
    links = b"".join(
        b'<p><a href="https://shop.example.com/articles/%d?campaign=receipt&amp;place=%d">See article %d</a> goes well'
        b" with what you bought.</p>\r\n" % (n, n, n)
        for n in range(10)
    )
    head = _multipart(b"alternative") + _TEXT_PART + _LINE * 10 + b"--=_part\r\n" + _HTML_PART
    page = b"<!DOCTYPE html>\r\n<html><head><title>Receipt</title></head><body>\r\n<table>\r\n" + rows + b"</table>\r\n"
    return Mail(
        body=_filled(head + page + links, _WORDS, b"</body></html>\r\n--=_part--\r\n", _RECEIPT_OCTETS), run=run
    )


def large(run: int) -> Mail:
    """30 MB: a line of text and a file."""
    head = _multipart(b"mixed") + _TEXT_PART + _LINE + b"--=_part\r\n" + _FILE_PART
    return Mail(body=_filled(head, _BASE64_LINE, b"--=_part--\r\n", _LARGE_OCTETS), run=run)


MAILS: Mapping[str, Callable[[int], Mail]] = {"small": small, "receipt": receipt, "large": large}


def _multipart(kind: bytes) -> bytes:
    return b"Content-Type: multipart/" + kind + b'; boundary="=_part"\r\n\r\n--=_part\r\n'


def _filled(before: bytes, line: bytes, after: bytes, octets: int) -> bytes:
    """As many lines as bring the whole mail to about this size, never above it."""
    room = octets - len(_HEAD % (0, 0, 0, 0)) - len(before) - len(after)
    return before + line * (room // len(line)) + after
