"""What was said in a conversation, as text that is safe to show and to keep."""

import re
from typing import Literal, NamedTuple

# Terminal and log injection (attack A12): C0 and C1 controls, DEL, line and paragraph separators, and the marks that
# turn the direction of text. The backslash stays as it is: a shown line is for reading, not for parsing back.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")

_REST = "... the rest of this conversation was not kept"

Party = Literal["client", "server"]


class Line(NamedTuple):
    """One line of the dialogue without its line end, controls escaped; a message body is shown as its size only."""

    by: Party
    text: str


def _escaped(match: re.Match[str]) -> str:
    point = ord(match.group())
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}"


def shown(raw: bytes) -> str:
    """Text from a stranger as one printable line: UTF-8 where it is, escapes where it is not or would do harm."""
    return shown_text(raw.decode("utf-8", "backslashreplace"))


def shown_text(text: str) -> str:
    """The same for text that is decoded already."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_escaped, text)


class Transcript:
    """Collects lines until they are taken; keeps at most `limit` characters, so a talkative peer costs nothing."""

    __slots__ = ("_kept", "_limit", "_room")

    def __init__(self, limit: int = 65_536) -> None:
        self._limit = limit
        self._room = limit
        self._kept: list[Line] = []

    def add(self, line: Line) -> None:
        if self._room > 0:
            self._room -= len(line.text)
            self._kept.append(line if self._room > 0 else Line(line.by, _REST))

    def take(self) -> tuple[Line, ...]:
        """The lines since the last call, oldest first."""
        if not self._kept:
            return ()
        kept, self._kept, self._room = self._kept, [], self._limit
        return tuple(kept)
