"""What was said in a conversation, as text that is safe to show and to keep."""

import re
from dataclasses import dataclass
from typing import Literal

# Terminal and log injection (attack A12): C0 and C1 controls, DEL, line and paragraph separators, and the marks that
# turn the direction of text. The backslash stays as it is: a shown line is for reading, not for parsing back.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")

Party = Literal["client", "server"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the dialogue without its line end, controls escaped; a message body is shown as its size only."""

    by: Party
    text: str


def _escaped(match: re.Match[str]) -> str:
    point = ord(match.group())
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}"


def shown(raw: bytes) -> str:
    """Text from a stranger as one printable line: UTF-8 where it is, escapes where it is not or would do harm."""
    text = raw.decode("utf-8", "backslashreplace")
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_escaped, text)


class Transcript:
    """Collects lines until they are taken; keeps at most `limit` bytes of them, so a talkative peer costs nothing."""

    __slots__ = ("_kept", "_limit", "_room")

    def __init__(self, limit: int = 65_536) -> None:
        self._limit = limit
        self._room = limit
        self._kept: list[tuple[Party, bytes]] = []

    def add(self, by: Party, line: bytes) -> None:
        if self._room <= 0:
            return
        self._room -= len(line)
        self._kept.append((by, line if self._room > 0 else b"... the rest of this conversation was not kept"))

    def take(self) -> tuple[Line, ...]:
        """The lines since the last call, oldest first."""
        kept, self._kept, self._room = self._kept, [], self._limit
        return tuple(Line(by=by, text=shown(line)) for by, line in kept)
