"""Header fields as bytes: encoded, folded, and looked at once more before they leave.

Nothing that reaches a value can start a line of its own (attack B1): controls become spaces when a value is cleaned,
text that looks like an encoded word is itself encoded, and `check_block` reads the finished bytes trusting none of it.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from .addresses import Address, Mailbox, quote
from .encoded_words import MAX_WORD, encode_words
from .transfer import MAX_LINE

_GOOD_LINE: Final = 78  # the wish of RFC 5322 2.1.1
_NAME_ROOM: Final = 60

_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NAME: Final = re.compile(r"[!-9;-~]{1,70}")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_SPACED_WORD: Final = re.compile(" *[^ ]+")
_MESSAGE_ID: Final = re.compile(r"[!#$%&'*+/0-9=?A-Z^_`a-z{|}~.-]{1,200}@[!#$%&'*+/0-9=?A-Z^_`a-z{|}~.-]{1,255}")
_HOSTILE: Final = bytes({*range(32), 127} - {10, 13})
_HOSTILE_UTF8: Final = re.compile(rb"\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]")

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class HeaderInjection(ValueError):
    """A header that would not be read as it was meant. Nothing was written; the text never quotes the content."""


def clean(value: str) -> str:
    """The value on one line: controls and line separators are spaces. Bidi controls stay, some languages need them."""
    return (value if value.isprintable() else _CONTROLS.sub(" ", value)).strip(" ")


def check_name(name: str) -> None:
    """Raise `HeaderInjection` unless the name is 1 to 70 of the characters 33..126 without colon (RFC 5322 3.6.8)."""
    if _NAME.fullmatch(name) is None:
        raise HeaderInjection("a header name may hold only ASCII letters, digits and signs, no colon and no space")


def unstructured(name: str, value: str) -> str:
    """One field of free text, with its CRLF."""
    text = clean(value)
    plain = text.isascii() and "=?" not in text
    if plain and len(name) + len(text) + 2 <= _GOOD_LINE:
        return f"{name}: {text}\r\n"
    if plain:
        words = _SPACED_WORD.findall(text)
        if max(map(len, words)) <= MAX_LINE - len(name) - 2:
            return fold(name, [words[0], *words[1:]])
    first = max(24, min(MAX_WORD, _GOOD_LINE - len(name) - 2))
    head, *rest = encode_words(text, first=first)
    return fold(name, [head, *(f" {word}" for word in rest)])


def mailboxes(name: str, boxes: Sequence[Mailbox]) -> str:
    """One field of mailboxes, with its CRLF; the names are encoded or quoted, the addresses never (RFC 2047 5)."""
    pieces: list[str] = []
    for box in boxes:
        name_text = clean(box.name)
        words = [*_phrase(name_text), f"<{_spec(box.address)}>"] if name_text else [_spec(box.address)]
        pieces.extend(f" {word}" for word in words)
        pieces[-1] += ","
    pieces[0] = pieces[0][1:]
    pieces[-1] = pieces[-1][:-1]
    return fold(name, pieces)


def date(moment: datetime) -> str:
    """The Date field in UTC (RFC 5322 3.3), with its CRLF; the moment is aware."""
    utc = moment.astimezone(UTC)
    day = f"{_DAYS[utc.weekday()]}, {utc.day:02} {_MONTHS[utc.month - 1]} {utc.year:04}"
    return f"Date: {day} {utc.hour:02}:{utc.minute:02}:{utc.second:02} +0000\r\n"


def message_id(identifier: str) -> str:
    """The Message-ID field, with its CRLF; `HeaderInjection` unless the identifier is a plain `left@right`."""
    if _MESSAGE_ID.fullmatch(identifier) is None:
        raise HeaderInjection("Message-ID must be left@right, without angle brackets, in plain ASCII signs")
    return f"Message-ID: <{identifier}>\r\n"


def is_hostile(block: bytes) -> bool:
    """Whether a control, bare CR or LF or line separator of Unicode is there. Counting is far faster than a pattern."""
    lines = block.count(b"\r\n")
    return (
        lines != block.count(b"\r")
        or lines != block.count(b"\n")
        or len(block.translate(None, _HOSTILE)) != len(block)
        or (not block.isascii() and _HOSTILE_UTF8.search(block) is not None)
    )


def fold(name: str, pieces: Sequence[str]) -> str:
    """The pieces after `Name: `, a line broken before one that would not fit. All but the first bring their space."""
    lines = [f"{name}: {pieces[0]}"]
    for piece in pieces[1:]:
        if len(lines[-1]) + len(piece) <= _GOOD_LINE:
            lines[-1] += piece
        else:
            lines.append(piece)
    return "\r\n".join(lines) + "\r\n"


def check_block(block: bytes, names: Iterable[str]) -> None:
    """Raise `HeaderInjection` unless the bytes are exactly these fields in this order and every line is fit to leave.

    It shares nothing with the code that wrote the block, so a fault there is caught here.
    """
    if is_hostile(block) or not block.endswith(b"\r\n"):
        raise HeaderInjection("a header value holds a line break or a control character")
    expected = iter(names)
    for line in block[:-2].split(b"\r\n"):
        if len(line) > MAX_LINE or not line.strip(b" "):
            raise HeaderInjection("a header line is empty or longer than 998 octets")
        if not line.startswith(b" ") and not line.startswith(next(expected, "\n").encode() + b": "):
            raise HeaderInjection("a header line is there that nobody wrote")
    if next(expected, None) is not None:
        raise HeaderInjection("a header line has got lost")


def _spec(address: Address) -> str:
    """RFC 6532 only where nothing else can say it: any reader can take an IDN domain in A-labels."""
    return address.spec if address.needs_smtputf8 else address.wire


def _phrase(text: str) -> list[str]:
    """A clean name as words that may be folded between (RFC 5322 3.2.5)."""
    if not text.isascii() or "=?" in text or len(text) > _NAME_ROOM:
        return encode_words(text, first=65, later=65)
    return text.split(" ") if _ATOMS.fullmatch(text) else [quote(text)]
