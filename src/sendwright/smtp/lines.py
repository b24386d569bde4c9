"""Cuts what a client sends into command lines, in bounded memory (attack A11)."""

from enum import Enum

_CR = 13


class LineFault(Enum):
    """Why a line is no command."""

    BARE_LINE_END = "a CR or an LF came alone"
    TOO_LONG = "the line is longer than the limit"


class Lines:
    """Input that nobody has read yet. CRLF only; of a line over `limit` octets only its end is looked for.

    What was read is not cut off but stepped over, so that a flight of many commands is not copied for each of them.
    `buffer` is empty when all was read.
    """

    __slots__ = ("_limit", "_searched", "_skip", "_start", "_too_long", "buffer")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.buffer = b""
        self._start = 0
        self._searched = 0
        self._skip = 0
        self._too_long = False

    @property
    def pending(self) -> int:
        """Octets that wait."""
        return len(self.buffer) - self._start

    def feed(self, piece: bytes) -> None:
        if not self.buffer:
            self.buffer = piece
        else:
            self.buffer = self.buffer[self._start :] + piece
            self._searched -= self._start
            self._start = 0
        if self._skip:
            self.skip(0)

    def skip(self, octets: int) -> None:
        """Leaves out the next octets: those of a chunk that is not wanted."""
        self._skip += octets
        dropped = min(self._skip, self.pending)
        self._skip -= dropped
        self.step_to(self._start + dropped)

    def clear(self) -> None:
        self.step_to(len(self.buffer))

    def unread(self) -> tuple[bytes, int]:
        """What waits, and from where on; `step_to` says how far it was read."""
        return self.buffer, self._start

    def step_to(self, place: int) -> None:
        if place == len(self.buffer):
            self.buffer, place = b"", 0  # nothing of a message is held while a client idles
        self._start = self._searched = place

    def take(self, octets: int) -> bytes:
        """Up to so many octets, not as lines."""
        taken = self.buffer[self._start : self._start + octets]
        self.step_to(self._start + len(taken))
        return taken

    def line(self) -> bytes | LineFault | None:
        """The next whole line without its CRLF; None when it has not come yet."""
        buffer, start = self.buffer, self._start
        newline = buffer.find(b"\n", self._searched)
        if newline < 0:
            self._shorten()
            return None
        too_long = self._too_long or newline - start >= self._limit
        self._too_long = False
        if newline + 1 == len(buffer):
            self.buffer, self._start, self._searched = b"", 0, 0
        else:
            self._start = self._searched = newline + 1
        if newline == start or buffer[newline - 1] != _CR:
            return LineFault.BARE_LINE_END
        line = buffer[start : newline - 1]
        if too_long:
            return LineFault.TOO_LONG
        return LineFault.BARE_LINE_END if b"\r" in line else line

    def _shorten(self) -> None:
        if self.pending > self._limit:
            self._too_long = True
            self.buffer, self._start = self.buffer[-1:], 0
        self._searched = len(self.buffer)
