"""The header of a submitted mail, read fast and strictly: a door decides by it whether the mail is taken at all.

What two readers would read differently is refused (attacks B1, B5, B6), with a sentence for the developer who sends it.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from .addresses import Mailbox, Malformed, parse_mailboxes, readable_mailboxes
from .charsets import decode_text
from .encoded_words import decode_words
from .headers import clean, is_hostile
from .transfer import MAX_LINE, has_long_line

MAX_BLOCK: Final = 256 * 1024
MAX_FIELD: Final = 64 * 1024
MAX_FIELDS: Final = 1_000

# RFC 5322 3.6: these may stand there once at most.
_ONCE: Final = frozenset(
    {"from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references", "subject", "date"}
)
_FREE_TEXT: Final = frozenset({"subject"})
_REQUEST: Final = "x-sendwright-"
# A folded line of blanks only would end the header for some readers, so it is no part of a field here.
_ONE_FIELD: Final = r"([!-9;-~]++):([^\r\n]*+(?:\r\n[ \t]++[^\r\n]++)*+)\r\n"
_FIELD: Final = re.compile(_ONE_FIELD)
# Nothing else: to search for fields in a text that is none would be quadratic.
_FIELDS: Final = re.compile(f"(?:{_ONE_FIELD})*+")
_FOLD: Final = re.compile(r"\r\n(?=[ \t])")
_NAME: Final = re.compile(rb"[!-9;-~]++(?=[ \t]*+:)")
_USUAL: Final = 200
_NO_AUTHOR: Final = "From: this field is missing; say who writes, as in From: Name <name@example.com>."


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What the header says, for deciding and for people.

    `subject` is decoded and on one line; `message_id` is without angle brackets, empty if there is none; `received`
    counts the Received fields; `requests` are the fields whose name starts with `X-Sendwright-`, the name as written,
    the value unfolded.
    """

    from_: tuple[Mailbox, ...]
    sender: Mailbox | None
    subject: str
    message_id: str
    has_date: bool
    received: int
    requests: tuple[tuple[str, str], ...]
    to_text: str = field(repr=False)
    cc_text: str = field(repr=False)

    @property
    def to(self) -> tuple[Mailbox, ...]:
        """The mailboxes of To, those in groups too; what cannot be read is left out. Read anew at every call."""
        return _decoded(readable_mailboxes(_unfolded(self.to_text)))

    @property
    def cc(self) -> tuple[Mailbox, ...]:
        """The same of Cc."""
        return _decoded(readable_mailboxes(_unfolded(self.cc_text)))


def read_heading(raw: bytes) -> Heading | Malformed:
    """Read the header block of a mail with CRLF line ends; the body is not looked at. Never raises.

    `Malformed.reason` names the field or the line and what to do. Limits: 256 kB in all, 64 kB and 998 octets a line
    in a field, 1,000 fields. Sources: RFC 5322 3.6, 2.1.1, 2.2; RFC 6532 3.
    """
    end = raw.find(b"\r\n\r\n", 0, MAX_BLOCK + 4)
    if end < 0 and len(raw) > MAX_BLOCK:
        return Malformed(reason=f"The header has more than {MAX_BLOCK:,} octets; put an empty line before the body.")
    block = raw[: end + 2] if end >= 0 else raw
    text, is_utf8 = _as_text(block)
    found = _FIELD.findall(text) if _FIELDS.fullmatch(text) else []
    if not block:
        return Malformed(reason=_NO_AUTHOR)
    if not found or _is_odd(block, found):
        return Malformed(reason=_fault_of_lines(block))
    names = [name.lower() for name, _ in found]
    fault = _repeated(names) or (None if is_utf8 else _unreadable(found))
    return Malformed(reason=fault) if fault else _understood(names, found, is_utf8)


def _as_text(block: bytes) -> tuple[str, bool]:
    """UTF-8 (RFC 6532), or every octet for itself, so that fields can be told apart; and which of the two it is."""
    try:
        return block.decode("utf-8"), True
    except UnicodeDecodeError:
        return block.decode("latin-1"), False


def _is_odd(block: bytes, found: list[tuple[str, str]]) -> bool:
    """Whether there are too many fields, or a line is there that nobody should write."""
    return (
        len(found) > MAX_FIELDS
        or is_hostile(block.replace(b"\t", b" "))
        or has_long_line(block, 0, len(block))
        or (len(block) > MAX_FIELD and any(len(value.encode()) > MAX_FIELD for _, value in found))
    )


def _fault_of_lines(block: bytes) -> str:
    """The first fault of a block that is not all fields or is odd, as a sentence."""
    name, size, fields = "", 0, 0
    for number, line in enumerate(block.removesuffix(b"\r\n").split(b"\r\n"), start=1):
        if line[:1] not in (b" ", b"\t"):
            found = _NAME.match(line)
            if found is None:
                return _no_field(block, number)
            if line[found.end() : found.end() + 1] != b":":
                return f"{_shown(found[0])}: take away the blank before the colon."
            name, size, fields = _shown(found[0]), 0, fields + 1
        elif not name or not line.strip(b" \t"):
            return _no_field(block, number)
        size += len(line) + 2
        fault = _fault_of_line(line, size) or _too_many(fields)
        if fault:
            return f"{name}: {fault}"
    return "The header has no CRLF at its end; add it, and an empty line before the body."


def _fault_of_line(line: bytes, size: int) -> str | None:
    if is_hostile(line.replace(b"\t", b" ")):
        return "there is a control character or a lone CR or LF in it; take it out."
    if len(line) > MAX_LINE:
        return f"a line has more than {MAX_LINE} octets; fold it."
    return f"it has more than {MAX_FIELD:,} octets; shorten it." if size > MAX_FIELD else None


def _too_many(fields: int) -> str | None:
    return f"there are more than {MAX_FIELDS:,} header fields; leave some out." if fields > MAX_FIELDS else None


def _no_field(block: bytes, number: int) -> str:
    if block.startswith(b"\r\n"):
        return "The mail begins with an empty line; begin it with a header field such as From."
    if block.startswith((b"From ", b">From ")):
        return 'The mail begins with a line "From " as in mailbox files; leave that line out.'
    return f"Line {number} of the header is no field; write Name: value, and an empty line before the body."


def _shown(name: bytes) -> str:
    return name.decode("ascii")


def _repeated(names: list[str]) -> str | None:
    once = [name for name in names if name in _ONCE]
    if len(once) == len(set(once)):
        return None
    name = next(name for name in once if once.count(name) > 1)
    return f"{name.title()}: this field is there twice; write it once, with commas between several addresses."


def _unreadable(found: list[tuple[str, str]]) -> str | None:
    """Of a block that is not all UTF-8, the structured field that is to blame; free text may be in any charset."""
    for name, value in found:
        lower = name.lower()
        is_structured = lower in _ONCE and lower not in _FREE_TEXT
        if (is_structured or lower.startswith(_REQUEST)) and not (value.isascii() or _is_utf8(value)):
            return f"{name}: this is not UTF-8; write it in UTF-8 or as encoded words."
    return None


def _is_utf8(value: str) -> bool:
    return _as_text(value.encode("latin-1"))[1]


def _understood(names: list[str], found: list[tuple[str, str]], is_utf8: bool) -> Heading | Malformed:
    fields = {name: value for name, (_, value) in zip(names, found, strict=True)}
    if "from" not in fields:
        return Malformed(reason=_NO_AUTHOR)
    authors = _authors(_unfolded(fields["from"]))
    if isinstance(authors, Malformed):
        return Malformed(reason=f"From: {authors.reason}")
    sender = _authors(_unfolded(fields["sender"])) if "sender" in fields else ()
    if isinstance(sender, Malformed):
        return Malformed(reason=f"Sender: {sender.reason}")
    if len(sender) > 1:
        return Malformed(reason="Sender: only one address may be there; name the one who really sends.")
    return Heading(
        from_=authors,
        sender=sender[0] if sender else None,
        subject=_subject(fields.get("subject", ""), is_utf8),
        message_id=_unfolded(fields.get("message-id", "")).strip("<>"),
        has_date=bool(fields.get("date", "").strip()),
        received=names.count("received"),
        requests=tuple(
            [(n, _unfolded(v)) for name, (n, v) in zip(names, found, strict=True) if name.startswith(_REQUEST)]
        ),
        to_text=fields.get("to", ""),
        cc_text=fields.get("cc", ""),
    )


def _unfolded(value: str) -> str:
    """The value on one line (RFC 5322 2.2.3)."""
    return (_FOLD.sub("", value) if "\n" in value else value).strip(" \t")


def _subject(value: str, is_utf8: bool) -> str:
    text = _unfolded(value)
    return clean(decode_words(text if is_utf8 else decode_text(text.encode("latin-1"), "")))


def _authors(text: str) -> tuple[Mailbox, ...] | Malformed:
    return _usual_authors(text) if len(text) <= _USUAL else _read_authors(text)


def _read_authors(text: str) -> tuple[Mailbox, ...] | Malformed:
    boxes = parse_mailboxes(text)
    return boxes if isinstance(boxes, Malformed) else _decoded(boxes)


_usual_authors = lru_cache(maxsize=1_024)(_read_authors)  # an application writes from few addresses


def _decoded(boxes: tuple[Mailbox, ...]) -> tuple[Mailbox, ...]:
    """With their names decoded; the addresses were read before, so that no encoded word becomes one."""
    return tuple(Mailbox(name=clean(decode_words(box.name)), address=box.address) if box.name else box for box in boxes)
