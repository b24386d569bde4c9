"""The message between DATA and the lone dot (RFC 5321 section 4.5.2): dots added, dots taken away, the end found.

Everything here works on whole pieces with the searches of the C library; a loop over lines would cost ten times more.
"""

import io
from enum import Enum

END_OF_DATA = b"\r\n.\r\n"


class BadMessage(ValueError):
    """The message must not leave as it is (gate G7); the text says why. Nothing was written."""


class LineEnds:
    """Watches that CR and LF come only as CRLF, over any number of pieces.

    The counting is borrowed from the text layer's newline decoder, which notes the kinds of line end that it saw: four
    times as fast as counting the three patterns, and it carries a CR over the edge of a piece.
    """

    __slots__ = ("_decoder",)

    def __init__(self) -> None:
        self._decoder = io.IncrementalNewlineDecoder(None, translate=False)

    def are_clean_after(self, piece: bytes, *, final: bool = False) -> bool:
        self._decoder.decode(piece.decode("latin-1"), final)
        return self._decoder.newlines in (None, "\r\n")


def fault_in(message: bytes) -> str | None:
    """Why these octets may not be sent as a message, or None: a NUL, a CR without LF, an LF without CR.

    A receiver that takes such a line end for a real one can be made to see a second message (attack A1).
    """
    if not LineEnds().are_clean_after(message, final=True):
        return "the message has a CR or an LF that is not part of a CRLF"
    return "the message has a NUL octet" if b"\0" in message else None


def stuff(message: bytes) -> bytes:
    """The message as it is written after 354, the lone dot included. Raises BadMessage for what `fault_in` finds."""
    fault = fault_in(message)
    if fault is not None:
        raise BadMessage(fault)
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    start = b"." if message.startswith(b".") else b""
    end = b".\r\n" if not message or message.endswith(b"\r\n") else END_OF_DATA
    return b"".join((start, stuffed, end))


class Fault(Enum):
    """Why a received message cannot be taken."""

    BARE_LINE_END = "a CR or an LF came alone"
    NUL = "a NUL octet"
    TOO_LARGE = "more octets than the limit"
    LONG_LINE = "a line is longer than the limit"


class TextReader:
    """Takes the pieces that follow 354 until CRLF.CRLF, and only that (attack A1), wherever the pieces are cut.

    A message with a fault is not kept, but read to its end, so that the session stays in step. After a bare line end
    nobody can say where the sender believes the end to be: then there is nothing to wait for.
    """

    __slots__ = ("_ends", "_kept", "_line_limit", "_line_start", "_size_limit", "fault")

    def __init__(self, *, size_limit: int, line_limit: int) -> None:
        self.fault: Fault | None = None
        self._size_limit = size_limit
        self._line_limit = line_limit
        # As if the line end of DATA were part of the message: then a dot at the very start is no special case.
        self._kept = bytearray(b"\r\n")
        self._line_start = 2
        self._ends = LineEnds()

    def feed(self, piece: bytes) -> bytes | None:
        """What follows the end of data in this piece; None while the end has not come."""
        before = len(self._kept)
        self._kept += piece
        at = self._kept.find(END_OF_DATA, max(before - 4, 0))
        if at < 0:
            self._inspect(piece)
            self._note_open_line(piece, before)
            return None
        taken = at + len(END_OF_DATA) - before
        self._inspect(piece[:taken])
        del self._kept[at + 2 :]
        self._judge_whole()
        return piece[taken:]

    def message(self) -> bytes:
        """The message without its added dots; of no use when there is a fault."""
        return bytes(self._kept.replace(b"\r\n.", b"\r\n")[2:])

    def _spoil(self, fault: Fault) -> None:
        self.fault = self.fault or fault

    def _inspect(self, piece: bytes) -> None:
        if not self._ends.are_clean_after(piece):
            # Overrules what was found before: the shell must close.
            self.fault = Fault.BARE_LINE_END
        elif b"\0" in piece:
            self._spoil(Fault.NUL)

    def _note_open_line(self, piece: bytes, before: int) -> None:
        newline = piece.rfind(b"\n")
        if newline >= 0:
            self._line_start = before + newline + 1
        if len(self._kept) - self._line_start > self._line_limit:
            self._spoil(Fault.LONG_LINE)
        # Added dots are not counted against the sender, and they are at most one octet in three.
        if len(self._kept) > self._size_limit + self._size_limit // 2 + 8:
            self._spoil(Fault.TOO_LARGE)
        if self.fault is not None:
            gone = len(self._kept) - 4
            del self._kept[:gone]
            self._line_start -= gone

    def _judge_whole(self) -> None:
        if self.fault is None and has_long_line(self._kept, self._line_limit):
            self.fault = Fault.LONG_LINE
        added = self._kept.count(b"\r\n.") if len(self._kept) - 2 > self._size_limit else 0
        if len(self._kept) - 2 - added > self._size_limit:
            self._spoil(Fault.TOO_LARGE)


def has_long_line(text: bytes | bytearray, limit: int) -> bool:
    """Whether a line has more than `limit` octets, its CRLF counted. Jumps from LF to LF, as far as it may."""
    start, size = 0, len(text)
    while size - start > limit:
        newline = text.rfind(b"\n", start, start + limit)
        if newline < 0:
            return True
        start = newline + 1
    return False
