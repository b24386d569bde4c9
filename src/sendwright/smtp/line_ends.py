"""CR and LF only as CRLF, and no line too long: looked for with the searches of the C library, never line by line."""

import io

STEP = 65_536
"""Octets looked at in one go. What is larger is taken in steps, so that looking never costs a copy of a message."""


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


def are_clean(message: bytes) -> bool:
    """Whether a whole message has no CR and no LF but in CRLF."""
    ends = LineEnds()
    if len(message) <= STEP:
        return ends.are_clean_after(message, final=True)
    *most, last = range(0, len(message), STEP)
    return all(ends.are_clean_after(message[at : at + STEP]) for at in most) and ends.are_clean_after(
        message[last:], final=True
    )


def has_long_line(text: bytes, limit: int, start: int = 0) -> bool:
    """Whether a line has more than `limit` octets, its CRLF counted. Jumps from LF to LF, as far as it may."""
    size = len(text)
    while size - start > limit:
        newline = text.rfind(b"\n", start, start + limit)
        if newline < 0:
            return True
        start = newline + 1
    return False
