"""A received mail as a tree of parts: spans in the bytes as they came, nothing decoded before somebody asks.

One pass finds the delimiters of all open multiparts together, so nesting costs nothing twice, and every count has a
limit (attack C1; the standard library's parser is quadratic or recursive on several of these).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeAlias

from .charsets import decode_base64, decode_quoted, decode_text
from .encoded_words import decode_words
from .headers import clean
from .parameters import parse_parameters

MAX_BLOCK: Final = 256 * 1024
MAX_HEADER: Final = 64 * 1024
MAX_HEADERS: Final = 1_000
MAX_FIELDS: Final = 20_000  # in all parts together
MAX_DEPTH: Final = 50
MAX_PARTS: Final = 1_000
MAX_DASHES: Final = 200_000  # lines looked at because they start with two hyphens
MESSAGE_TYPES: Final = frozenset({"message/rfc822", "message/global"})
_ENCODINGS: Final = {word.encode(): word for word in ("7bit", "8bit", "base64", "quoted-printable")}
IDENTITY: Final = frozenset({"", "7bit", "8bit", "binary"})
_MAX_BOUNDARY: Final = 200  # RFC 2046 5.1.1 says 70, senders say more

# A field with its folded lines in one go; the groups are its name and its value.
_FIELD: Final = re.compile(rb"([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)")
_FOLD: Final = re.compile(r"\r?\n(?=[ \t])")
_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,60}")
# How nearly all multiparts are written; others are read slowly. "=?" may begin an encoded word.
_PLAIN_MULTIPART: Final = re.compile(
    rb'[ \t]*([a-zA-Z]{1,30}/[a-zA-Z]{1,30});[ \t]*(?:\r\n[ \t]+)?boundary="((?:[!#->@-[\]-~]|(?<!=)\?)+)"\s*'
)
_SHORT: Final = 100
_HYPHEN: Final = ord("-")

Field: TypeAlias = tuple[str, int, int, int]
"""The name in lower case, and offsets: where the field starts, where its value starts, where the next field does."""


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
    """A mail or a part of one. `children` are the parts of a multipart, or the one mail inside a `message/rfc822`.

    `encoding` is what Content-Transfer-Encoding says, in lower case; empty if it says nothing.
    """

    raw: bytes = field(repr=False)
    start: int
    body_start: int
    end: int
    fields: tuple[Field, ...]
    content_type: str
    parameters: Mapping[str, str]
    encoding: str
    children: tuple["Part", ...]

    @property
    def header(self) -> Span:
        """The fields with the empty line after them."""
        return Span(start=self.start, end=self.body_start)

    @property
    def body(self) -> Span:
        return Span(start=self.body_start, end=self.end)

    @property
    def headers(self) -> tuple[Header, ...]:
        """The fields in their order, made anew at every call."""
        return tuple(self._header(field) for field in self.fields)

    def first(self, name: str) -> Header | None:
        """The first field of this name, in any case."""
        wanted = name.lower()
        for found in self.fields:
            if found[0] == wanted:
                return self._header(found)
        return None

    def value(self, name: str) -> str:
        """The decoded value of the first field of this name, or an empty string."""
        header = self.first(name)
        return header.value if header else ""

    def _header(self, found: Field) -> Header:
        _, start, value, end = found
        name = self.raw[start : value - 1].rstrip(b" \t").decode("ascii")
        return Header(name=name, raw=_value(self.raw, value, end))

    def content(self, raw: bytes, limit: int | None = None) -> bytes:
        """The body without its transfer encoding, at most `limit` encoded octets; an unknown encoding is left alone."""
        end = self.end if limit is None else min(self.end, self.body_start + limit)
        body = raw[self.body_start : end]
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


@dataclass(slots=True)
class _Open:
    """A part whose end is not known yet."""

    start: int
    body: int
    fields: tuple[Field, ...]
    content_type: str
    parameters: Mapping[str, str]
    encoding: str
    boundary: bytes = b""
    children: list[Part] = field(default_factory=list)

    def close(self, raw: bytes, end: int) -> Part:
        return Part(
            raw=raw,
            start=self.start,
            body_start=self.body,
            end=max(self.body, end),
            fields=self.fields,
            content_type=self.content_type,
            parameters=self.parameters,
            encoding=self.encoding,
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
        self.fields = 0
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
            part = top.close(self.raw, end)
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
        elif self.parts >= MAX_PARTS or self.fields >= MAX_FIELDS:
            self.truncated = True
            return False
        else:
            self.open(end)
        return True

    def _push(self, start: int) -> bool:
        """Read a header block and put its part on the stack; True if another mail begins in its body."""
        fields, body_start = self._read_block(start)
        default = "message/rfc822" if self.stack and self.stack[-1].content_type == "multipart/digest" else "text/plain"
        content_type, parameters = _content_type(self.raw, fields, default)
        encoding = _encoding(self.raw, fields)
        part = _Open(start, body_start, fields, content_type, parameters, encoding)
        self.stack.append(part)
        self.parts += 1
        self.position = body_start
        if content_type.startswith("multipart/"):
            boundary = parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
            if 0 < len(boundary) <= _MAX_BOUNDARY and self._may_go_deeper():
                part.boundary = boundary
                self.waiting.setdefault(boundary, len(self.stack) - 1)
            return False
        holds_mail = content_type in MESSAGE_TYPES and encoding in IDENTITY
        return holds_mail and self._may_go_deeper()

    def _may_go_deeper(self) -> bool:
        if len(self.stack) > MAX_DEPTH or self.parts >= MAX_PARTS or self.fields >= MAX_FIELDS:
            self.truncated = True
            return False
        return True

    def _read_block(self, start: int) -> tuple[tuple[Field, ...], int]:
        """The fields from here on, and where the body starts: after an empty line, or at a line that is no field."""
        raw, read_field = self.raw, _FIELD.match
        fields: list[Field] = []
        position, limit = start, min(len(raw), start + MAX_BLOCK)
        room = min(MAX_HEADERS + 1, MAX_FIELDS - self.fields)
        while position < limit and len(fields) < room:
            found = read_field(raw, position, limit)
            if found is None or (raw[position] == _HYPHEN and self._is_delimiter(position)):
                if position != start or not raw.startswith((b"From ", b">From "), position):
                    return self._closed(fields, start), position + _empty_line(raw, position)
                position = raw.find(b"\n", position, limit) + 1 or limit
                continue
            end = found.end()
            fields.append((found[1].lower().decode("ascii"), position, found.start(2), end))
            position = end
        self.truncated |= position < len(raw)
        return self._closed(fields, start), position

    def _closed(self, fields: list[Field], start: int) -> tuple[Field, ...]:
        """The fields of a block that starts there, and whether they are too much."""
        self.fields += len(fields)
        if fields and fields[-1][-1] - start > MAX_HEADER:
            self.truncated |= any(end - value > MAX_HEADER for _, _, value, end in fields)
        self.truncated |= len(fields) > MAX_HEADERS
        return tuple(fields[:MAX_HEADERS])

    def _is_delimiter(self, position: int) -> bool:
        if not self.raw.startswith(b"--", position):
            return False
        token, _ = _hyphen_line(self.raw, position)
        return token in self.waiting or token.removesuffix(b"--") in self.waiting


def _empty_line(raw: bytes, position: int) -> int:
    """The length of the empty line here; 0 if there is none."""
    return 2 if raw.startswith(b"\r\n", position) else int(raw.startswith(b"\n", position))


def _hyphen_line(raw: bytes, start: int) -> tuple[bytes, int]:
    """What follows the two hyphens, and where the next line starts. A line too long for any boundary gives nothing."""
    line_end = raw.find(b"\n", start, start + _MAX_BOUNDARY + 60)
    if line_end < 0 and start + _MAX_BOUNDARY + 60 < len(raw):
        return b"", start + 2
    end = line_end + 1 or len(raw)
    return raw[start + 2 : end].rstrip(b" \t\r\n"), end


def _content_type(raw: bytes, fields: tuple[Field, ...], default: str) -> tuple[str, Mapping[str, str]]:
    """What cannot be read is plain text (RFC 2045 5.2)."""
    for name, _, value, end in fields:
        if name == "content-type":
            content = _value(raw, value, end)
            plain = _PLAIN_MULTIPART.fullmatch(content)
            if plain:
                return plain[1].lower().decode(), {"boundary": plain[2].decode()}
            return _short_type(content) if len(content) <= _SHORT else _read_type(content)
    return default, {}


def _read_type(content: bytes) -> tuple[str, Mapping[str, str]]:
    name, parameters = parse_parameters(Header(name="", raw=content).text)
    return (name if _TYPE.fullmatch(name) else "text/plain"), parameters


_short_type = lru_cache(maxsize=1_024)(_read_type)  # "text/html; charset=utf-8" is in nearly every mail there is


def _encoding(raw: bytes, fields: tuple[Field, ...]) -> str:
    for name, _, value, end in fields:
        if name == "content-transfer-encoding":
            word = _value(raw, value, end)
            return _ENCODINGS.get(word) or Header(name="", raw=word).value.lower()
    return ""


def _value(raw: bytes, start: int, end: int) -> bytes:
    return raw[start : min(end, start + MAX_HEADER)].strip(b" \t\r\n")
