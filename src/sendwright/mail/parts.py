"""A received mail as a tree of parts: spans in the bytes as they came, nothing decoded before somebody asks.

One pass finds the delimiters of all open multiparts together, so nesting costs nothing twice, and every count has a
limit (attack C1; the standard library's parser is quadratic or recursive on several of these).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from .charsets import decode_base64, decode_quoted, decode_text
from .encoded_words import decode_words
from .headers import clean
from .parameters import parse_parameters

MAX_BLOCK: Final = 256 * 1024
MAX_HEADER: Final = 64 * 1024
MAX_HEADERS: Final = 1_000
MAX_LINES: Final = 20_000  # of header, in all parts together
MAX_DEPTH: Final = 50
MAX_PARTS: Final = 1_000
MAX_DASHES: Final = 200_000  # lines looked at because they start with two hyphens
_MAX_BOUNDARY: Final = 200  # RFC 2046 5.1.1 says 70, senders say more

_FIELD: Final = re.compile(rb"([!-9;-~]+)[ \t]*:")
_FOLD: Final = re.compile(r"\r?\n(?=[ \t])")
_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,60}")
_MESSAGE_TYPES: Final = frozenset({"message/rfc822", "message/global"})
_IDENTITY: Final = frozenset({"", "7bit", "8bit", "binary"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Offsets into the raw mail, the end excluded."""

    start: int
    end: int

    def of(self, raw: bytes) -> bytes:
        return raw[self.start : self.end]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """One field. `raw` is its value as it came, folds and all, at most 64 kB."""

    name: str
    raw: bytes

    @property
    def text(self) -> str:
        """The value on one line, encoded words left as they are: for readers of structure, who decode afterwards."""
        return _FOLD.sub("", decode_text(self.raw, "")).strip()

    @property
    def value(self) -> str:
        """The value decoded (RFC 2047) and free of control characters: for people."""
        return clean(decode_words(self.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A mail or a part of one. `children` are the parts of a multipart, or the one mail inside a `message/rfc822`."""

    header: Span
    body: Span
    headers: tuple[Header, ...]
    by_name: Mapping[str, Header]
    content_type: str
    parameters: Mapping[str, str]
    children: tuple["Part", ...]

    def first(self, name: str) -> Header | None:
        """The first field of this name, in any case."""
        return self.by_name.get(name.lower())

    def value(self, name: str) -> str:
        """The decoded value of the first field of this name, or an empty string."""
        return _value(self.by_name, name)

    def content(self, raw: bytes, limit: int | None = None) -> bytes:
        """The body without its transfer encoding, at most `limit` encoded octets; an unknown encoding is left alone."""
        end = self.body.end if limit is None else min(self.body.end, self.body.start + limit)
        body = raw[self.body.start : end]
        match self.encoding:
            case "base64":
                return decode_base64(body)
            case "quoted-printable":
                return decode_quoted(body)
            case _:
                return body

    def text(self, raw: bytes, limit: int | None = None) -> str:
        """The content read by its charset, with `\\n` line ends. Never raises."""
        text = decode_text(self.content(raw, limit), self.parameters.get("charset", ""))
        return text.replace("\r\n", "\n").replace("\0", "\ufffd")

    @property
    def encoding(self) -> str:
        return self.value("Content-Transfer-Encoding").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The whole mail; `truncated` when a limit was met, so that something in it was not looked at."""

    root: Part
    truncated: bool


def walk(raw: bytes) -> Tree:
    """Take the mail apart. Never raises; linear in its length."""
    walker = _Walker(raw)
    walker.open(0)
    walker.follow()
    return Tree(root=walker.close_from(0, len(raw)), truncated=walker.truncated)


@dataclass(slots=True, kw_only=True)
class _Open:
    """A part whose end is not known yet."""

    header: Span
    headers: tuple[Header, ...]
    by_name: Mapping[str, Header]
    content_type: str
    parameters: Mapping[str, str]
    boundary: bytes = b""
    children: list[Part] = field(default_factory=list)

    def close(self, end: int) -> Part:
        body = Span(start=self.header.end, end=max(self.header.end, end))
        return Part(
            header=self.header,
            body=body,
            headers=self.headers,
            by_name=self.by_name,
            content_type=self.content_type,
            parameters=self.parameters,
            children=tuple(self.children),
        )


class _Walker:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.stack: list[_Open] = []
        # Of two open multiparts with the same boundary the outer one gets the line, as in other readers.
        self.waiting: dict[bytes, int] = {}
        self.position = 0
        self.parts = 0
        self.lines = 0
        self.truncated = False

    def open(self, start: int) -> None:
        """Open the part that starts here, and the mail inside it, and the mail inside that."""
        inner = self._push(start)
        while inner:
            inner = self._push(self.position)

    def follow(self) -> None:
        """From delimiter to delimiter."""
        for _ in range(MAX_DASHES):
            if not self.waiting:
                return
            start = self.raw.find(b"\n--", max(0, self.position - 1)) + 1
            if start == 0:
                return
            self.position = start + 2
            if not self._turn(start):
                return
        self.truncated = True

    def close_from(self, depth: int, end: int) -> Part:
        """Close what is open at this depth and below; the lowest gets back as a part."""
        while True:
            top = self.stack.pop()
            if self.waiting.get(top.boundary) == len(self.stack):
                del self.waiting[top.boundary]
            part = top.close(end)
            if len(self.stack) == depth:
                return part
            self.stack[-1].children.append(part)

    def _turn(self, start: int) -> bool:
        """Act on the line of hyphens at `start`; False when no more parts may be opened."""
        token, end = _hyphen_line(self.raw, start)
        depth = self.waiting.get(token)
        closing = depth is None and token.endswith(b"--")
        if closing:
            depth = self.waiting.get(token[:-2])
        if depth is None:
            return True
        self.position = end
        if len(self.stack) > depth + 1:
            body_end = start - 2 if self.raw[start - 2 : start] == b"\r\n" else start - 1
            self.stack[depth].children.append(self.close_from(depth + 1, body_end))
        if closing:
            del self.waiting[self.stack[depth].boundary]
        elif self.parts >= MAX_PARTS or self.lines >= MAX_LINES:
            self.truncated = True
            return False
        else:
            self.open(end)
        return True

    def _push(self, start: int) -> bool:
        """Read a header block and put its part on the stack; True if another mail begins in its body."""
        headers, body_start = self._read_block(start)
        default = "message/rfc822" if self.stack and self.stack[-1].content_type == "multipart/digest" else "text/plain"
        by_name = {header.name.lower(): header for header in reversed(headers)}
        content_type, parameters = _content_type(by_name.get("content-type"), default)
        part = _Open(
            header=Span(start=start, end=body_start),
            headers=headers,
            by_name=by_name,
            content_type=content_type,
            parameters=parameters,
        )
        self.stack.append(part)
        self.parts += 1
        self.position = body_start
        boundary = parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
        nests = content_type.startswith("multipart/") and 0 < len(boundary) <= _MAX_BOUNDARY
        holds_mail = (
            content_type in _MESSAGE_TYPES and _value(by_name, "Content-Transfer-Encoding").lower() in _IDENTITY
        )
        if (nests or holds_mail) and self._is_full():
            self.truncated = True
            return False
        if nests:
            part.boundary = boundary
            self.waiting.setdefault(boundary, len(self.stack) - 1)
        return holds_mail

    def _read_block(self, start: int) -> tuple[tuple[Header, ...], int]:
        """The fields from here on, and where the body starts: after an empty line, or at a line that is no field."""
        fields: list[tuple[str, int, int]] = []
        position, limit = start, min(len(self.raw), start + MAX_BLOCK)
        while position < limit and len(fields) <= MAX_HEADERS and self.lines < MAX_LINES:
            self.lines += 1
            end = self.raw.find(b"\n", position, limit) + 1 or limit
            found = _FIELD.match(self.raw, position, end)
            if self.raw[position : min(end, position + 2)] in (b"\r\n", b"\n"):
                return self._headers(fields), end
            if self.raw[position] in b" \t" and fields:
                fields[-1] = (fields[-1][0], fields[-1][1], end)
            elif found and not self._is_delimiter(position):
                fields.append((found[1].decode("ascii"), found.end(), end))
            elif position != start or not self.raw.startswith((b"From ", b">From "), position):
                return self._headers(fields), position
            position = end
        self.truncated |= position < len(self.raw)
        return self._headers(fields), position

    def _is_full(self) -> bool:
        return len(self.stack) > MAX_DEPTH or self.parts >= MAX_PARTS or self.lines >= MAX_LINES

    def _is_delimiter(self, position: int) -> bool:
        if not self.raw.startswith(b"--", position):
            return False
        token, _ = _hyphen_line(self.raw, position)
        return token in self.waiting or token.removesuffix(b"--") in self.waiting

    def _headers(self, fields: list[tuple[str, int, int]]) -> tuple[Header, ...]:
        self.truncated |= len(fields) > MAX_HEADERS or any(end - start > MAX_HEADER for _, start, end in fields)
        return tuple(
            Header(name=name, raw=self.raw[start : min(end, start + MAX_HEADER)].strip(b" \t\r\n"))
            for name, start, end in fields[:MAX_HEADERS]
        )


def _hyphen_line(raw: bytes, start: int) -> tuple[bytes, int]:
    """What follows the two hyphens, and where the next line starts. A line too long for any boundary gives nothing."""
    line_end = raw.find(b"\n", start, start + _MAX_BOUNDARY + 60)
    if line_end < 0 and start + _MAX_BOUNDARY + 60 < len(raw):
        return b"", start + 2
    end = line_end + 1 or len(raw)
    return raw[start + 2 : end].rstrip(b" \t\r\n"), end


def _content_type(header: Header | None, default: str) -> tuple[str, Mapping[str, str]]:
    """What cannot be read is plain text (RFC 2045 5.2)."""
    if header is None:
        return default, {}
    name, parameters = parse_parameters(header.text)
    return (name if _TYPE.fullmatch(name) else "text/plain"), parameters


def _value(by_name: Mapping[str, Header], name: str) -> str:
    header = by_name.get(name.lower())
    return header.value if header else ""
