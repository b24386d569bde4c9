"""Replies: what a server answers (RFC 5321 section 4.2), read, judged and written."""

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from sendwright.smtp.transcript import Line, shown, shown_text
from sendwright.smtp.values import value

LINE_SHOWN = 1_024
"""Octets of one reply line that are kept; the rest of the line is cut. RFC 5321 allows servers 512."""
REPLY_OCTETS = 65_536
REPLY_LINES = 100

_LINE = re.compile(rb"[2-5][0-9][0-9](?:[ -][^\r\n]*)?\r\n")
_ONLY_LINE = re.compile(rb"[2-5][0-9][0-9](?: [^\r\n]*)?\r\n")
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)")


class Kind(Enum):
    __hash__ = object.__hash__
    """What a reply code means. Unknown last digits are judged by the first (RFC 5321 section 4.3.2)."""

    POSITIVE = 2
    INTERMEDIATE = 3
    TEMPORARY = 4
    PERMANENT = 5


_KINDS = {kind.value: kind for kind in Kind}


@value
class Reply:
    """A reply: `code` 200..599, `enhanced` like "5.1.1" or empty, `lines` without code and enhanced code."""

    code: int
    enhanced: str = ""
    lines: tuple[str, ...] = ("",)

    @property
    def kind(self) -> Kind:
        return _KINDS[self.code // 100]

    @property
    def text(self) -> str:
        """The words alone, lines joined by one space."""
        return " ".join(self.lines)

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), self.enhanced, self.text) if part)


class Garbage(Exception):
    """The peer sent something that is no reply. `said` is the start of it, safe to show."""

    def __init__(self, why: str, said: bytes) -> None:
        super().__init__(why)
        self.why = why
        self.said = shown(said[:100])


def reply(code: int, enhanced: str, *lines: str) -> Reply:
    """Short for our own replies."""
    return Reply(code=code, enhanced=enhanced, lines=lines)


def render_reply(answer: Reply) -> bytes:
    """The reply as it goes on the wire, CRLF at the end; a control in its text is escaped, never sent."""
    head = f"{answer.enhanced} " if answer.enhanced else ""
    if len(answer.lines) == 1:
        return f"{answer.code} {_safe(head + answer.lines[0])}\r\n".encode()
    *lines, last = [_safe(head + line) for line in answer.lines or ("",)]
    return "".join([*[f"{answer.code}-{line}\r\n" for line in lines], f"{answer.code} {last}\r\n"]).encode()


def _safe(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return shown_text(text.encode("utf-8", "backslashreplace").decode())


class Heard(NamedTuple):
    """A reply, and its lines for the transcript."""

    reply: Reply
    lines: tuple[Line, ...]


# Most answers are the same few words again and again.
@lru_cache(maxsize=256)
def _hear_line(line: bytes) -> Heard | None:
    """A reply of this one line (its CRLF is there); None when it is not the only one, or no reply line."""
    if _ONLY_LINE.fullmatch(line) is None:
        return None
    text = shown(line[:-2])
    return Heard(parse((text,)), (Line("server", text),))


def parse(texts: tuple[str, ...]) -> Reply:
    """The reply made of these whole lines, each already known to be a reply line of one code, as it is shown.

    The enhanced code (RFC 2034) is believed only when its class is that of the code, and is taken off every line
    that repeats it.
    """
    first = texts[0]
    code = int(first[:3])
    found = _ENHANCED.match(first, 4)
    if found is None or found[1][0] != first[0]:
        return Reply(code=code, lines=tuple([text[4:] for text in texts]))
    enhanced = found[1]
    if len(texts) == 1:
        return Reply(code=code, enhanced=enhanced, lines=(first[found.end() :],))
    return Reply(code=code, enhanced=enhanced, lines=tuple([_without(enhanced, text[4:]) for text in texts]))


def _without(enhanced: str, text: str) -> str:
    if text == enhanced or text.startswith(enhanced + " "):
        return text[len(enhanced) + 1 :]
    return text


class ReplyReader:
    """Cuts a stream into replies. Bounded: 100 lines and 64 kB for one reply, whatever the peer does (attack A13).

    Line ends are CRLF only. A bare LF is refused, not taken as a line end: servers echo words of strangers, and a
    reply that a stranger could split would be paired with the wrong command.
    """

    __slots__ = ("_buffer", "_lines", "_searched", "_size", "_start")

    def __init__(self) -> None:
        self._buffer = b""
        self._start = 0
        self._searched = 0
        self._lines: list[str] = []
        self._size = 0

    @property
    def pending(self) -> bool:
        """Whether bytes wait that belong to no finished reply."""
        return len(self._buffer) > self._start or bool(self._lines)

    def feed(self, received: bytes) -> None:
        self._buffer = self._buffer + received if self._buffer else received

    def next(self) -> Heard | None:
        """The next finished reply; None when it has not come. Raises Garbage; after that the reader is of no use."""
        while self._buffer:
            line = self._next_line()
            if not line:
                return None
            heard = _hear_line(line) if not self._lines and len(line) <= LINE_SHOWN else None
            if heard is not None:
                self._size = 0
                return heard
            heard = self._add(line)
            if heard is not None:
                return heard
        return None

    def _add(self, line: bytes) -> Heard | None:
        """One line of several, or one that is no reply line."""
        if _LINE.fullmatch(line) is None:
            raise Garbage("this is not a reply line that ends in CRLF", line)
        text = shown(line[: min(len(line) - 2, LINE_SHOWN)])
        if self._lines and self._lines[0][:3] != text[:3]:
            raise Garbage("the lines of one reply have different codes", line[:-2])
        self._lines.append(text)
        if text[3:4] != "-":
            lines, self._lines, self._size = self._lines, [], 0
            return Heard(parse(tuple(lines)), tuple([Line("server", said) for said in lines]))
        if len(self._lines) >= REPLY_LINES:
            raise Garbage("the reply has more than 100 lines", line[:-2])
        return None

    def _next_line(self) -> bytes:
        """The next whole line, taken; empty when it has not come. The buffer is cut once, when all of it is read."""
        buffer, start = self._buffer, self._start
        end = buffer.find(b"\n", self._searched) + 1
        self._size += (end or len(buffer)) - self._searched
        if self._size > REPLY_OCTETS:
            raise Garbage("the reply is longer than 65536 octets", buffer[start:])
        if not end:
            self._buffer, self._start = buffer[start:], 0
            self._searched = len(self._buffer)
            return b""
        if end == len(buffer):
            self._buffer, self._start, self._searched = b"", 0, 0
        else:
            self._start = self._searched = end
        return buffer[start:end]
