"""A message that comes in counted chunks (RFC 3030): no dots, no search for an end."""

from sendwright.smtp.dots import Fault, LineEnds, has_long_line


class Chunks:
    """Collects the octets of BDAT. The caller announces a chunk and then gives its octets, never more."""

    __slots__ = ("_kept", "_line_limit", "_size_limit", "last", "missing", "octets")

    def __init__(self, *, size_limit: int, line_limit: int) -> None:
        self._kept = bytearray()
        self._size_limit = size_limit
        self._line_limit = line_limit
        self.octets = 0
        self.missing = 0
        self.last = False

    def fits(self, octets: int) -> bool:
        return len(self._kept) + octets <= self._size_limit

    def begin(self, octets: int, *, last: bool) -> None:
        self.octets = self.missing = octets
        self.last = last

    def feed(self, piece: bytes) -> None:
        self._kept += piece
        self.missing -= len(piece)

    @property
    def fault(self) -> Fault | None:
        """Looked for when the last chunk is here. The next hop gets lines, so bare line ends are refused here too."""
        message = self.message()
        if not LineEnds().are_clean_after(message, final=True):
            return Fault.BARE_LINE_END
        if b"\0" in message:
            return Fault.NUL
        return Fault.LONG_LINE if has_long_line(message, self._line_limit) else None

    def message(self) -> bytes:
        return bytes(self._kept)
