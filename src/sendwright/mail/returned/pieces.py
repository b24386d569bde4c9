"""A mail that came back, taken apart by what its parts are for: words, fields for programs, the returned mail."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from sendwright.mail.encoded_words import decode_words
from sendwright.mail.headers import clean
from sendwright.mail.parts import MESSAGE_TYPES, Part, walk
from sendwright.mail.plain_text import text_from_html

from . import lines
from .incoming import ReturnedMail

MAX_RAW: Final = 1024 * 1024
_MAX_PARTS: Final = 50
_STATUS_TYPES: Final = frozenset(
    {"message/delivery-status", "message/global-delivery-status", "message/xdelivery-status", "text/delivery-status"}
)
_HEADER_TYPES: Final = frozenset(
    {"text/rfc822-headers", "text/rfc822-header", "message/rfc822-headers", "message/global-headers"}
)
_DISPOSITION_TYPES: Final = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
_DELIMITER: Final = re.compile(
    rb'^--([^\s"\\]{1,70})[ \t]*\r?\ncontent-(?:type|description|transfer)', re.IGNORECASE | re.MULTILINE
)
_TELLING: Final = ("message-id", "from", "to", "subject", "return-path")


@dataclass(slots=True)
class Pieces:
    """The texts of a report; what is missing is empty. Filled while the parts are walked.

    `text` is what people see, as it came; `words` is its begin, up to the returned mail and with lines cut.
    """

    root: Part
    truncated: bool
    text: str = ""
    words: str = ""
    machine: str = ""
    complaint: str = ""
    returned: lines.Fields = field(default_factory=list)
    is_receipt: bool = False
    has_returned_part: bool = False


def take_apart(raw: bytes) -> Pieces:
    """Any bytes as the pieces of a report; what is beyond 1 MB is not looked at. Never raises."""
    cut = raw[:MAX_RAW]
    tree = walk(cut)
    pieces = Pieces(root=tree.root, truncated=tree.truncated or len(raw) > MAX_RAW)
    mended = _mended(cut, tree.root)
    if mended:
        cut, tree = mended, walk(mended)
    html = ""
    for number, leaf in enumerate(_leaves(tree.root)):
        if number == _MAX_PARTS:
            pieces.truncated = True
            break
        if leaf.content_type == "text/html":
            html = html or leaf.text(cut, lines.MAX_TEXT)
        else:
            _sort(pieces, leaf, cut)
    if html and not pieces.words.strip():
        pieces.words = text_from_html(html)
    _part_words(pieces)
    return pieces


def _mended(raw: bytes, root: Part) -> bytes:
    """The body of a multipart whose boundary is not the one that its header names, under the one that is there.

    Gateways that write a header anew lose it. Empty if nothing is to be mended.
    """
    if root.children or not root.content_type.startswith("multipart/"):
        return b""
    body = raw[root.body_start : root.end]
    found = _DELIMITER.search(body)
    return b'Content-Type: multipart/mixed; boundary="' + found[1] + b'"\n\n' + body if found else b""


def _leaves(part: Part) -> Iterator[Part]:
    """The parts that hold something; a mail inside is one of them, its own parts are not."""
    if part.children and part.content_type not in MESSAGE_TYPES:
        for child in part.children:
            yield from _leaves(child)
    else:
        yield part


def _sort(pieces: Pieces, leaf: Part, raw: bytes) -> None:
    kind = leaf.content_type
    if kind in _STATUS_TYPES or (kind == "application/octet-stream" and _is_status(leaf, raw)):
        pieces.machine += leaf.text(raw, lines.MAX_TEXT) + "\n\n"
    elif kind == "message/feedback-report":
        pieces.complaint += leaf.text(raw, lines.MAX_TEXT)
    elif kind in MESSAGE_TYPES:
        pieces.has_returned_part = True
        pieces.returned = pieces.returned or _fields_of_part(leaf)
    elif kind in _HEADER_TYPES:
        pieces.has_returned_part = True
        pieces.returned = pieces.returned or returned_fields(leaf.text(raw, lines.MAX_TEXT))
    elif kind in _DISPOSITION_TYPES:
        pieces.is_receipt = True
    elif kind.startswith(("text/", "multipart/", "message/")) and len(pieces.words) < lines.MAX_TEXT:
        pieces.words += leaf.text(raw, lines.MAX_TEXT) + "\n\n"


def _is_status(leaf: Part, raw: bytes) -> bool:
    """Whether a file is a status report that a gateway gave no type; its text is looked at, not its name."""
    start = leaf.text(raw, lines.MAX_LINE).lower()
    return "final-recipient:" in start and "action:" in start


def _fields_of_part(leaf: Part) -> lines.Fields:
    inner = leaf.children[0] if leaf.children else leaf
    return [(header.name.lower(), header.text) for header in inner.headers]


def _part_words(pieces: Pieces) -> None:
    """The words and what follows them in the same part: the returned mail of old mailers and of torn multiparts."""
    pieces.text = pieces.words
    pieces.words, rest = lines.split_at_returned(pieces.text)
    if not pieces.returned and rest:
        pieces.returned = returned_fields(rest)


def returned_fields(text: str) -> lines.Fields:
    """The header of a mail in this text: the first block of fields that tells whose it is."""
    block: list[str] = []
    for line in [*lines.lines_of(text), ""]:
        if line.strip():
            block.append(line)
            continue
        fields = lines.fields_of(block)
        if any(lines.first(fields, name) for name in _TELLING):
            return fields
        block = []
    return []


def returned_mail(fields: lines.Fields) -> ReturnedMail:
    """What attribution needs of the returned header."""

    def value(name: str) -> str:
        return clean(decode_words(lines.first(fields, name)[: lines.MAX_LINE]))

    return ReturnedMail(
        message_id=value("message-id"),
        from_=value("from"),
        to=value("to"),
        subject=value("subject"),
        return_path=value("return-path"),
        list_unsubscribe=value("list-unsubscribe"),
        feedback_id=value("feedback-id"),
        mid=value("x-sendwright-mid"),
    )
