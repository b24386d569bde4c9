"""The message between DATA and the lone dot (RFC 5321 section 4.5.2): dots added, dots taken away, the end found.

Everything here works on whole pieces with the searches of the C library; a loop over lines would cost ten times more.
"""

import io
from dataclasses import dataclass, field

from sendwright.smtp.kept import Fault, Kept, fault_of
from sendwright.smtp.line_ends import STEP, are_clean

END_OF_DATA = b"\r\n.\r\n"
_BEGINNINGS = tuple(END_OF_DATA[:size] for size in (4, 3, 2, 1))


class BadMessage(ValueError):
    """The message must not leave as it is (gate G7); the text says why. Nothing was written."""


def fault_in(message: bytes) -> str | None:
    """Why these octets may not be sent as a message, or None: a NUL, a CR without LF, an LF without CR.

    A receiver that takes such a line end for a real one can be made to see a second message (attack A1).
    """
    if not are_clean(message):
        return "the message has a CR or an LF that is not part of a CRLF"
    return "the message has a NUL octet" if b"\0" in message else None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message that may leave, as it is written after 354, the lone dot included: the pieces joined."""

    octets: int
    is_ascii: bool
    pieces: tuple[bytes, ...] = field(repr=False)


def prepare(message: bytes) -> Prepared:
    """Looks at a message and stuffs it. Raises BadMessage for what `fault_in` finds.

    For a large message this takes some tens of milliseconds; another thread may do it.
    """
    fault = fault_in(message)
    if fault is not None:
        raise BadMessage(fault)
    end = b".\r\n" if not message or message.endswith(b"\r\n") else END_OF_DATA
    is_plain = b"\r\n." not in message and not message.startswith(b".")
    pieces = (message, end) if is_plain else (_stuffed(message, end),)
    return Prepared(len(message), message.isascii(), pieces)


def stuff(message: bytes) -> bytes:
    """The same in one piece."""
    return b"".join(prepare(message).pieces)


def _stuffed(message: bytes, end: bytes) -> bytes:
    written = io.BytesIO()
    # In steps, because `replace` on the whole would be a third copy. Two octets of each step before lead in the next.
    before = b"\r\n"
    for at in range(0, len(message), STEP):
        piece = before + message[at : at + STEP]
        written.write(piece.replace(b"\r\n.", b"\r\n..")[2:])
        before = piece[-2:]
    written.write(end)
    return written.getvalue()


class TextReader:
    """Takes the pieces that follow 354 until CRLF.CRLF, and only that (attack A1), wherever the pieces are cut.

    A message with a fault is not kept, but read to its end, so that the session stays in step. After a bare line end
    nobody can say where the sender believes the end to be: then there is nothing to wait for.
    """

    __slots__ = ("_kept", "_lead", "_line_limit", "_message", "_size_limit", "_tail", "fault")

    def __init__(self, *, size_limit: int, line_limit: int) -> None:
        self.fault: Fault | None = None
        self._size_limit = size_limit
        self._line_limit = line_limit
        self._message: bytes | None = None
        self._kept: Kept | None = None
        # As if the line end of DATA were part of the message: then a dot at the very start is no special case.
        self._tail = b"\r\n"
        self._lead = 2

    @property
    def octets(self) -> int:
        """Octets kept so far."""
        return len(self._tail) - self._lead + (self._kept.octets if self._kept else len(self._message or b""))

    def feed(self, data: bytes, start: int = 0) -> int | None:
        """The place behind the end of data; None when it has not come, then all of it is taken."""
        if self._kept is None:
            end = self._take_whole(data, start)
            if end is not None:
                return end
            self._kept = Kept(size_limit=self._size_limit, line_limit=self._line_limit)
        for at in range(start, len(data), STEP):
            taken = self._take_piece(self._kept, data[at : at + STEP])
            if taken is not None or self.fault is Fault.BARE_LINE_END:
                return None if taken is None else at + taken
        return None

    def message(self) -> bytes:
        """The message without its added dots; of no use when there is a fault."""
        if self._message is not None:
            return self._message
        return self._kept.message() if self._kept else b""

    def _take_whole(self, data: bytes, start: int) -> int | None:
        """The common case: a small message is here from its first octet to its lone dot. One search finds both."""
        dot = end = data.find(b"\r\n.", start, start + STEP)
        if dot < 0 or data.startswith(b".", start):
            return None
        if not data.startswith(b"\r\n", dot + 3):
            end = data.find(END_OF_DATA, dot, start + STEP)
            if end < 0:
                return None
        message = data[start : end + 2]
        if end != dot:
            message = message.replace(b"\r\n.", b"\r\n")
        self._message = message
        self.fault = fault_of(message, size_limit=self._size_limit, line_limit=self._line_limit)
        return end + 5

    def _take_piece(self, kept: Kept, piece: bytes) -> int | None:
        data = self._tail + piece
        at = data.find(END_OF_DATA)
        if at < 0:
            kept.look(piece)
            undecided = next((len(begun) for begun in _BEGINNINGS if data.endswith(begun)), 0)
            self._tail = data[len(data) - undecided :]
            self._keep(kept, data[: len(data) - undecided])
            return None
        taken = at + len(END_OF_DATA) - len(self._tail)
        kept.look(piece[:taken])
        self._keep(kept, data[: at + 2])
        return taken

    def _keep(self, kept: Kept, text: bytes) -> None:
        if text:
            kept.keep(text.replace(b"\r\n.", b"\r\n")[self._lead :])
            self._lead = 0
        self.fault = kept.fault
