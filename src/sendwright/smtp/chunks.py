"""A message that comes in counted chunks (RFC 3030): no dots, no search for an end."""

from sendwright.smtp.kept import Fault, Kept


class Chunks:
    """Collects the octets of BDAT. The caller announces a chunk and then gives its octets, never more."""

    __slots__ = ("_kept", "_room", "last", "missing", "octets")

    def __init__(self, *, size_limit: int, line_limit: int) -> None:
        self._kept = Kept(size_limit=size_limit, line_limit=line_limit)
        self._room = size_limit
        self.octets = 0
        self.missing = 0
        self.last = False

    def fits(self, octets: int) -> bool:
        return octets <= self._room

    def begin(self, octets: int, *, last: bool) -> None:
        self.octets = self.missing = octets
        self._room -= octets
        self.last = last

    def feed(self, piece: bytes) -> None:
        self.missing -= len(piece)
        # The next hop gets lines, so bare line ends are refused here too.
        self._kept.look(piece, final=self.last and not self.missing)
        self._kept.keep(piece)

    @property
    def fault(self) -> Fault | None:
        """Known for good when the last chunk is here."""
        return self._kept.fault

    def message(self) -> bytes:
        return self._kept.message()
