"""Replies: what a server answers (RFC 5321 section 4.2), read, judged and written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from sendwright.smtp.transcript import shown

LINE_SHOWN = 1_024
"""Octets of one reply line that are kept; the rest of the line is cut. RFC 5321 allows servers 512."""
REPLY_OCTETS = 65_536
REPLY_LINES = 100

_LINE = re.compile(rb"[2-5][0-9][0-9](?:[ -][^\r\n]*)?\r\n")
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)")


class Kind(Enum):
    __hash__ = object.__hash__
    """What a reply code means. Unknown last digits are judged by the first (RFC 5321 section 4.3.2)."""

    POSITIVE = 2
    INTERMEDIATE = 3
    TEMPORARY = 4
    PERMANENT = 5


_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True, kw_only=True)
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
    *lines, last = [_safe(head + line) for line in answer.lines or ("",)]
    return "".join([*[f"{answer.code}-{line}\r\n" for line in lines], f"{answer.code} {last}\r\n"]).encode()


def _safe(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return shown(text.encode("utf-8", "backslashreplace"))


def parse(lines: list[bytes]) -> Reply:
    """The reply made of these whole lines (without CRLF), each already known to be a reply line of one code.

    The enhanced code (RFC 2034) is believed only when its class is that of the code, and is taken off every line
    that repeats it.
    """
    return _parse_line(lines[0]) if len(lines) == 1 else _parse_lines(lines)


# Most answers are the same few words again and again.
@lru_cache(maxsize=256)
def _parse_line(line: bytes) -> Reply:
    return _parse_lines([line])


def _parse_lines(lines: list[bytes]) -> Reply:
    code = int(lines[0][:3])
    texts = tuple(shown(line[4:LINE_SHOWN]) for line in lines)
    found = _ENHANCED.match(texts[0])
    if found is None or int(found.group(1)[0]) != code // 100:
        return Reply(code=code, lines=texts)
    enhanced = found.group(1)
    return Reply(code=code, enhanced=enhanced, lines=tuple(_without(enhanced, text) for text in texts))


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
        self._lines: list[bytes] = []
        self._size = 0

    @property
    def pending(self) -> bool:
        """Whether bytes wait that belong to no finished reply."""
        return len(self._buffer) > self._start or bool(self._lines)

    def feed(self, received: bytes) -> None:
        self._buffer = self._buffer + received if self._buffer else received

    def replies(self) -> Iterator[tuple[Reply, list[bytes]]]:
        """Each finished reply with its lines as they came. Raises Garbage; after that the reader is of no use."""
        while found := self._next():
            line = found[0][: min(found.end() - found.start() - 2, LINE_SHOWN)]
            if self._lines and self._lines[0][:3] != line[:3]:
                raise Garbage("the lines of one reply have different codes", line)
            self._lines.append(line)
            if line[3:4] != b"-":
                lines, self._lines, self._size = self._lines, [], 0
                yield parse(lines), lines
            elif len(self._lines) >= REPLY_LINES:
                raise Garbage("the reply has more than 100 lines", line)

    def _next(self) -> re.Match[bytes] | None:
        """The next whole line, taken; None when it has not come. The buffer is cut once, when all of it is read."""
        start = self._start
        end = self._buffer.find(b"\n", max(start, self._searched)) + 1
        self._size += (end or len(self._buffer)) - max(start, self._searched)
        if self._size > REPLY_OCTETS:
            raise Garbage("the reply is longer than 65536 octets", self._buffer[start:])
        if not end:
            self._buffer, self._start = self._buffer[start:], 0
            self._searched = len(self._buffer)
            return None
        self._start = self._searched = end
        found = _LINE.fullmatch(self._buffer, start, end)
        if found is None:
            raise Garbage("this is not a reply line that ends in CRLF", self._buffer[start:end])
        return found
