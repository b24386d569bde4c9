"""Text beyond ASCII in a header, both ways (RFC 2047)."""

import re
from binascii import a2b_qp, b2a_base64
from collections.abc import Iterator
from typing import Final

from .charsets import decode_base64, decode_text

MAX_WORD: Final = 75  # RFC 2047 2, the whole word with its delimiters
_FRAME: Final = len("=?utf-8?B??=")

# RFC 2047 5 (3): the characters that may stand for themselves even in a display name.
_Q_UNSAFE: Final = re.compile(rb"[^A-Za-z0-9!*+/ -]")
_Q_CHARACTER: Final = re.compile("[^=]|=[0-7][0-9A-F]|=[C-F][0-9A-F](?:=[89AB][0-9A-F])+")
# Spaces and over-long words break RFC 2047 but arrive all the time. Every piece ends at a question mark: linear.
_WORD: Final = re.compile(r"=\?([A-Za-z0-9][A-Za-z0-9._:+-]{0,39})(?:\*[A-Za-z0-9-]{0,20})?\?([BbQq])\?([^?]*)\?=")


def encode_words(text: str, *, first: int = MAX_WORD, later: int = MAX_WORD) -> list[str]:
    """The text as encoded words, no character split over two; `first` and `later` are their longest lengths (24 to 75).

    Quoted-printable for text mostly in ASCII, as people read raw headers and filters mistrust needless base64.
    """
    content = text.encode("utf-8", "replace")
    if len(_Q_UNSAFE.findall(content)) * 5 <= len(content) * 2:
        return _q_words(content, first, later)
    return _b_words(content, first, later)


def _b_words(content: bytes, first: int, later: int) -> list[str]:
    words, start, room = [], 0, first
    while start < len(content):
        end = start + (room - _FRAME) // 4 * 3
        while end < len(content) and content[end] & 0xC0 == 0x80:
            end -= 1
        words.append(f"=?utf-8?B?{b2a_base64(content[start:end], newline=False).decode()}?=")
        start, room = end, later
    return words


def _q_words(content: bytes, first: int, later: int) -> list[str]:
    words, word, room = [], "", first - _FRAME
    quoted = _Q_UNSAFE.sub(lambda found: b"=%02X" % found[0][0], content).decode().replace(" ", "_")
    if len(quoted) <= room:
        return [f"=?utf-8?Q?{quoted}?="]  # nearly every subject there is
    for character in _Q_CHARACTER.findall(quoted):
        if len(word) + len(character) > room:
            words.append(f"=?utf-8?Q?{word}?=")
            word, room = "", later - _FRAME
        word += character
    return [*words, f"=?utf-8?Q?{word}?="]


def decode_words(text: str) -> str:
    """The text with its encoded words read, in linear time; never raises. What is no good encoded word stays as it is.

    White space between two words goes (RFC 2047 6.2), and words of one charset are joined before they are read, as some
    senders split characters between them.
    """
    if "=?" not in text:
        return text
    return "".join(decode_text(content, charset) if charset else content.decode() for charset, content in _runs(text))


def _runs(text: str) -> Iterator[tuple[str, bytes]]:
    """Neighbouring pieces of the same charset as one; the charset of plain text is the empty string."""
    charset, chunks = "", [b""]
    for next_charset, content in _pieces(text):
        if next_charset != charset:
            yield charset, b"".join(chunks)
            charset, chunks = next_charset, []
        chunks.append(content)
    yield charset, b"".join(chunks)


def _pieces(text: str) -> Iterator[tuple[str, bytes]]:
    end = 0
    for word in _WORD.finditer(text):
        between = text[end : word.start()]
        if end == 0 or not between.isspace():
            yield "", between.encode("utf-8", "replace")
        yield word[1].lower(), _word_content(word[2], word[3])
        end = word.end()
    yield "", text[end:].encode("utf-8", "replace")


def _word_content(encoding: str, content: str) -> bytes:
    octets = content.encode("utf-8", "replace")
    return decode_base64(octets) if encoding in "Bb" else a2b_qp(octets, header=True)
