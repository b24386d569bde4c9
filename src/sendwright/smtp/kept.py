"""What has come of a message, kept in one copy and looked at as it comes."""

import io
from enum import Enum

from sendwright.smtp.line_ends import LineEnds, are_clean, has_long_line


class Fault(Enum):
    """Why a received message cannot be taken."""

    BARE_LINE_END = "a CR or an LF came alone"
    NUL = "a NUL octet"
    TOO_LARGE = "more octets than the limit"
    LONG_LINE = "a line is longer than the limit"


def fault_of(message: bytes, *, size_limit: int, line_limit: int) -> Fault | None:
    """The fault of a message that is here as a whole."""
    if not are_clean(message):
        return Fault.BARE_LINE_END
    if b"\0" in message:
        return Fault.NUL
    if len(message) > size_limit:
        return Fault.TOO_LARGE
    return Fault.LONG_LINE if has_long_line(message, line_limit) else None


class Kept:
    """Takes a message piece by piece. With a fault nothing is kept: its sender will have to send it again anyway.

    The pieces go into a BytesIO because that is the one growing buffer that gives its octets away without a copy.
    """

    __slots__ = ("_ends", "_file", "_line", "_line_limit", "_size_limit", "fault")

    def __init__(self, *, size_limit: int, line_limit: int) -> None:
        self.fault: Fault | None = None
        self._size_limit = size_limit
        self._line_limit = line_limit
        self._ends = LineEnds()
        self._file = io.BytesIO()
        self._line = 0

    @property
    def octets(self) -> int:
        return self._file.tell()

    def look(self, piece: bytes, *, final: bool = False) -> None:
        """Looks at octets as they came."""
        if not self._ends.are_clean_after(piece, final=final):
            # Overrules what was found before: after DATA the shell must close.
            self._spoil(Fault.BARE_LINE_END)
        elif b"\0" in piece:
            self._spoil(self.fault or Fault.NUL)

    def keep(self, text: bytes) -> None:
        """Takes octets of the message, once they were looked at."""
        if self.fault is not None:
            return
        self._file.write(text)
        if self._file.tell() > self._size_limit:
            self._spoil(Fault.TOO_LARGE)
        elif self._ends_long_line(text):
            self._spoil(Fault.LONG_LINE)

    def message(self) -> bytes:
        """All of it; of no use when there is a fault."""
        return self._file.getvalue()

    def _spoil(self, fault: Fault) -> None:
        self.fault = fault
        self._file = io.BytesIO()

    def _ends_long_line(self, text: bytes) -> bool:
        first = text.find(b"\n") + 1
        longest = self._line + (first or len(text))
        self._line = len(text) - text.rfind(b"\n") - 1 if first else longest
        return longest > self._line_limit or has_long_line(text, self._line_limit, first)
