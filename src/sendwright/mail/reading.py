"""A received mail for display."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .addresses import Mailbox, Malformed, parse_mailboxes
from .charsets import NOT_BASE64
from .encoded_words import decode_words
from .file_names import safe_file_name
from .headers import clean
from .parameters import parse_parameters
from .parts import MESSAGE_TYPES, Header, Part, Tree, walk

MAX_SHOWN: Final = 2 * 1024 * 1024  # encoded octets of a text that are read for display
_CHUNK: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A part that is not the text of the mail. `content_type` is what the sender says; serve it as a download only."""

    name: str
    content_type: str
    size_bytes: int
    content_id: str
    inline: bool
    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMail:
    """What a person sees of a mail. Every string is without control characters but none is escaped for HTML."""

    raw: bytes
    root: Part
    text: str | None
    html: str | None
    attachments: tuple[Attachment, ...]
    truncated: bool

    @property
    def headers(self) -> tuple[Header, ...]:
        """The fields in their order: `name`, `raw` value and decoded `value`."""
        return self.root.headers

    @property
    def subject(self) -> str:
        return self.root.value("Subject")

    @property
    def from_(self) -> str:
        return self.root.value("From")

    @property
    def to(self) -> str:
        return self.root.value("To")

    @property
    def cc(self) -> str:
        return self.root.value("Cc")

    def mailboxes(self, name: str) -> tuple[Mailbox, ...] | Malformed:
        """The mailboxes of the first field of this name; read, then decoded: no encoded word becomes an address."""
        header = self.root.first(name)
        boxes = parse_mailboxes(header.text if header else "")
        if isinstance(boxes, Malformed):
            return boxes
        return tuple(Mailbox(name=clean(decode_words(box.name)), address=box.address) for box in boxes)

    def content(self, index: int) -> bytes:
        """The decoded octets of one attachment; decoded anew at every call. `IndexError` if there is no such one."""
        return self.attachments[index].part.content(self.raw)


def read(raw: bytes) -> ReadMail:
    """Read any bytes as a mail, in linear time and within the limits of `parts`; never raises.

    The first plain and the first HTML part that are not attachments are the text; all other leaves are attachments, a
    forwarded mail being one leaf.
    """
    tree = walk(raw)
    plain, html, others = _sort(tree)
    shown = [part for part in (plain, html) if part]
    return ReadMail(
        raw=raw,
        root=tree.root,
        text=plain.text(raw, MAX_SHOWN) if plain else None,
        html=html.text(raw, MAX_SHOWN) if html else None,
        attachments=tuple(_attachment(raw, part, number) for number, part in enumerate(others, start=1)),
        truncated=tree.truncated or any(part.body.end - part.body.start > MAX_SHOWN for part in shown),
    )


def _sort(tree: Tree) -> tuple[Part | None, Part | None, list[Part]]:
    plain: Part | None = None
    html: Part | None = None
    others: list[Part] = []
    for leaf in _leaves(tree.root):
        disposition, name = _disposition(leaf)
        is_text = disposition != "attachment" and not name
        if is_text and plain is None and _is_plain(leaf):
            plain = leaf
        elif is_text and html is None and leaf.content_type == "text/html":
            html = leaf
        else:
            others.append(leaf)
    return plain, html, others


def _is_plain(part: Part) -> bool:
    """A multipart in which no part was found is shown as it is, like any reader does."""
    return part.content_type == "text/plain" or part.content_type.startswith("multipart/")


def _leaves(part: Part) -> Iterator[Part]:
    if part.children and part.content_type not in MESSAGE_TYPES:
        for child in part.children:
            yield from _leaves(child)
    else:
        yield part


def _disposition(part: Part) -> tuple[str, str]:
    """How the part wants to be shown, and the name it gives itself."""
    header = part.first("Content-Disposition")
    kind, parameters = parse_parameters(header.text if header else "")
    return kind, parameters.get("filename") or part.parameters.get("name", "")


def _attachment(raw: bytes, part: Part, number: int) -> Attachment:
    kind, name = _disposition(part)
    ending = ".eml" if part.content_type in MESSAGE_TYPES else ""
    content_id = part.value("Content-ID").strip("<> ")
    return Attachment(
        name=safe_file_name(name, f"attachment-{number}{ending}"),
        content_type=part.content_type,
        size_bytes=_size(raw, part),
        content_id=content_id,
        inline=kind == "inline" or (bool(content_id) and kind != "attachment"),
        part=part,
    )


def _size(raw: bytes, part: Part) -> int:
    """The decoded size; base64 is counted piece by piece, so that a large file costs no memory."""
    body = part.body
    match part.encoding:
        case "base64":
            starts = range(body.start, body.end, _CHUNK)
            digits = sum(len(raw[s : min(s + _CHUNK, body.end)].translate(None, NOT_BASE64)) for s in starts)
            return digits * 3 // 4
        case "quoted-printable":
            return len(part.content(raw))
        case _:
            return body.end - body.start
