"""Content into transfer encodings (RFC 2045 6), in pieces where it may be large.

No line that is written here is longer than 76 characters or begins with two hyphens: what was escaped in a part so as
not to be taken for a boundary is not unescaped into one.
"""

import re
from binascii import b2a_base64
from collections.abc import Iterator
from itertools import chain
from struct import Struct
from typing import Final

from .charsets import NOT_BASE64

MAX_LINE: Final = 998  # RFC 5322 2.1.1, octets without CRLF
_WIDTH: Final = 76  # RFC 2045 6.7 (5) and 6.8
_BLOCK: Final = Struct(f"{_WIDTH}s" * 16)
_BASE64_CHUNK: Final = 57 * 1_024  # a whole number of lines
_QUOTED_CHUNK: Final = 64 * 1_024

_PRINTABLE: Final = bytes(range(32, 127))
_NOT_ODD: Final = frozenset(b"\t\r\n")
_ODD: Final = re.compile(rb"[^\t\r\n -~]+")
_FEW: Final = 12
_NO_DIGIT: Final = NOT_BASE64.replace(b"=", b"")
# What stands between two soft line breaks: whole lines, and the begin of one that is too long. No `=3D` is torn; the
# third choice is for foreign text, where hyphen and digits may be missing. Two columns are left for an escaped hyphen.
_BETWEEN_SOFT_BREAKS: Final = re.compile(
    rb"(?:[^\n]{0,75}+\n)*+(?:[^\n]{1,73}(?<!=)(?<!=.)|[^\n]{1,73}|\Z)",
    re.DOTALL,
)
_SOFT_BREAK: Final = b"=\r\n"


def has_long_line(raw: bytes, start: int, end: int) -> bool:
    """Whether a line in this span has more than 998 octets; it is looked at in leaps of that many."""
    while end - start > MAX_LINE:
        line_end = raw.rfind(b"\n", start, start + MAX_LINE + 2)
        if line_end < 0:
            return True
        start = line_end + 1
    return False


def quoted(content: bytes) -> bytes:
    """The content as quoted-printable; CRLF is a line break, any other CR or LF an octet like others."""
    if not content:
        return b""
    pieces = _BETWEEN_SOFT_BREAKS.findall(_escaped(content))
    return _guarded(_SOFT_BREAK.join(pieces[:-1]))  # the last one is the empty match at the end


def base64(content: bytes) -> bytes:
    """The content as base64, CRLF between the lines and none at the end."""
    digits = b2a_base64(content, newline=False)
    return b"\r\n".join(base64_lines(digits))


def base64_lines(digits: bytes) -> list[bytes]:
    """Pieces of 76. `struct` cuts whole blocks in C, three times as fast as slicing."""
    blocks_end = len(digits) // _BLOCK.size * _BLOCK.size
    lines: list[bytes] = list(chain.from_iterable(_BLOCK.iter_unpack(digits[:blocks_end])))
    lines.extend(digits[start : start + _WIDTH] for start in range(blocks_end, len(digits), _WIDTH))
    return lines


def quoted_pieces(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    """This span as quoted-printable."""
    while start < end:
        stop = min(start + _QUOTED_CHUNK, end)
        if stop < end and raw[stop - 1 : stop] == b"\r":
            stop -= 1
        yield from _joined(quoted(raw[start:stop]), stop < end)
        start = stop


def base64_pieces(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    """This span as base64."""
    for position in range(start, end, _BASE64_CHUNK):
        if position > start:
            yield b"\r\n"
        yield base64(raw[position : min(position + _BASE64_CHUNK, end)])


def rewrapped_quoted(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    """This span of quoted-printable, the same to any decoder, with soft breaks in lines that are too long."""
    while start < end:
        stop = min(start + _QUOTED_CHUNK, end)
        torn = raw.find(b"=", stop - 2, stop)
        if stop < end and torn > start:
            stop = torn
        elif stop < end and raw[stop - 1 : stop] == b"\r":
            stop -= 1
        pieces = _BETWEEN_SOFT_BREAKS.findall(raw, start, stop)
        yield from _joined(_guarded(_SOFT_BREAK.join(pieces[:-1])), stop < end)
        start = stop


def rewrapped_base64(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    """This span of base64 in lines of 76, without what is no digit: any decoder leaves that out (RFC 2045 6.8)."""
    digits, is_first = b"", True
    for position in range(start, end, _QUOTED_CHUNK):
        stop = min(position + _QUOTED_CHUNK, end)
        digits += raw[position:stop].translate(None, _NO_DIGIT)
        whole = len(digits) if stop == end else len(digits) // _WIDTH * _WIDTH
        if whole:
            yield (b"" if is_first else b"\r\n") + b"\r\n".join(base64_lines(digits[:whole]))
            digits, is_first = digits[whole:], False


def _escaped(content: bytes) -> bytes:
    escaped = content.replace(b"=", b"=3D")
    rest = escaped.translate(None, _PRINTABLE)  # short, so that all further questions are cheap
    line_ends = escaped.count(b"\r\n") if rest else 0
    if not line_ends == rest.count(b"\n") == rest.count(b"\r"):
        lines = escaped.split(b"\r\n")
        escaped = b"\r\n".join(line.replace(b"\r", b"=0D").replace(b"\n", b"=0A") for line in lines)
    odd = frozenset(rest) - _NOT_ODD
    if len(odd) > _FEW:
        escaped = _ODD.sub(lambda found: b"=" + found[0].hex("=").upper().encode(), escaped)
    else:
        for octet in odd:  # several times as fast as the pattern
            escaped = escaped.replace(octet.to_bytes(), b"=%02X" % octet)
    escaped = escaped.replace(b" \r\n", b"=20\r\n")
    if b"\t" in rest:
        escaped = escaped.replace(b"\t\r\n", b"=09\r\n")
    if escaped.endswith((b" ", b"\t")):
        escaped = escaped[:-1] + b"=%02X" % escaped[-1]
    return escaped


def _guarded(encoded: bytes) -> bytes:
    if encoded.startswith(b"--"):
        encoded = b"=2D" + encoded[1:]
    return encoded.replace(b"\n--", b"\n=2D-")


def _joined(encoded: bytes, goes_on: bool) -> Iterator[bytes]:
    yield encoded
    if goes_on and not encoded.endswith(b"\n"):
        yield _SOFT_BREAK
