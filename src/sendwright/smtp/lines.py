"""Cuts what a client sends into command lines, in bounded memory (attack A11)."""

from enum import Enum


class LineFault(Enum):
    """Why a line is no command."""

    BARE_LINE_END = "a CR or an LF came alone"
    TOO_LONG = "the line is longer than the limit"


class Lines:
    """Input that nobody has read yet. CRLF only; of a line over `limit` octets only its end is looked for."""

    __slots__ = ("_buffer", "_limit", "_searched", "_skip", "_too_long")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0
        self._skip = 0
        self._too_long = False

    @property
    def pending(self) -> int:
        """Octets that wait."""
        return len(self._buffer)

    def feed(self, piece: bytes) -> None:
        self._buffer += piece
        self._drop_skipped()

    def skip(self, octets: int) -> None:
        """Leaves out the next octets: those of a chunk that is not wanted."""
        self._skip += octets
        self._drop_skipped()

    def clear(self) -> None:
        self._buffer.clear()

    def take(self, octets: int) -> bytes:
        """Up to so many octets, not as lines."""
        taken = bytes(self._buffer[:octets])
        del self._buffer[:octets]
        return taken

    def take_all(self) -> bytes:
        taken = bytes(self._buffer)
        self._buffer.clear()
        return taken

    def line(self) -> bytes | LineFault | None:
        """The next whole line without its CRLF; None when it has not come yet."""
        end = self._buffer.find(b"\n", self._searched)
        if end < 0:
            self._shorten()
            return None
        line = self.take(end + 1)
        too_long = self._too_long or len(line) > self._limit
        self._too_long, self._searched = False, 0
        if not line.endswith(b"\r\n"):
            return LineFault.BARE_LINE_END
        if too_long:
            return LineFault.TOO_LONG
        return LineFault.BARE_LINE_END if b"\r" in line[:-2] else line[:-2]

    def _shorten(self) -> None:
        if len(self._buffer) > self._limit:
            self._too_long = True
            del self._buffer[:-1]
        self._searched = len(self._buffer)

    def _drop_skipped(self) -> None:
        dropped = min(self._skip, len(self._buffer))
        if dropped:
            del self._buffer[:dropped]
            self._skip -= dropped
