"""A submitted mail, kept octet for octet but for what must change: its copies are cut from the raw mail.

No part is ever written anew from what was understood of it: a copy is the raw mail with a few spans replaced. What is
not plainly what it says (torn base64, two contradicting fields, an encoding nobody knows) is not touched.
"""

from binascii import Error as BinasciiError
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final, TypeAlias

from . import transfer
from .addresses import Malformed
from .charsets import decode_quoted, exact_octets, exact_text
from .parts import IDENTITY, MESSAGE_TYPES, Part, walk

MAX_HTML: Final = 5 * 1024 * 1024  # encoded octets of all pages; the page that is too much goes out as it is
_ARMOUR_LOOK: Final = 256 * 1024
_ARMOUR_WORDS: Final = b"BEGIN PGP "
_ARMOUR: Final = b"-----" + _ARMOUR_WORDS
_ARMOURS: Final = ((b"MESSAGE-----", "encrypted"), (b"SIGNED MESSAGE-----", "signed"))
_SEALING: Final = {"multipart/signed": "signed", "multipart/encrypted": "encrypted"}
_PKCS7: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_KNOWN: Final = IDENTITY | {"quoted-printable", "base64"}
_DECISIVE: Final = frozenset({"content-type", "content-transfer-encoding", "content-disposition"})
_CHUNK: Final = 64 * 1024
_LABEL: Final = "content-transfer-encoding"

Edit: TypeAlias = tuple[int, int, Iterable[bytes]]
"""A span of the raw mail and what stands there in the copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An HTML part that may be changed: its text, the codec that gives its octets back, and if a line is too long."""

    part: Part
    text: str
    codec: str
    is_long: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A mail that was read once and leaves in any number of copies.

    `sealed` says why nothing inside may be changed: "signed", "encrypted", "too complex" (a limit of `parts` was met),
    or None. `too_long_lines`: a line of more than 998 octets (RFC 5322 2.1.1) stands where it cannot be broken, so that
    the mail must be refused. `eight_bit`: copies hold octets beyond ASCII, headers included.
    """

    raw: bytes = field(repr=False)
    root: Part = field(repr=False)
    pages: tuple[Page, ...] = field(repr=False)
    other_long_leaves: tuple[Part, ...] = field(repr=False)
    sealed: str | None
    too_long_lines: bool
    eight_bit: bool

    @staticmethod
    def read(raw: bytes) -> "Original":
        """Read any bytes, in linear time; never raises."""
        tree = walk(raw)
        leaves = tuple(_leaves(tree.root))
        sealed = "too complex" if tree.truncated else _seal(raw, tree.root)
        is_long = transfer.has_long_line(raw, 0, len(raw))
        pages = () if sealed else tuple(_pages(raw, leaves, is_long))
        long_leaves = tuple(_long_leaves(raw, leaves)) if is_long and not sealed else ()
        shown = {id(page.part) for page in pages}
        return Original(
            raw=raw,
            root=tree.root,
            pages=pages,
            other_long_leaves=tuple(leaf for leaf in long_leaves if id(leaf) not in shown),
            sealed=sealed,
            too_long_lines=is_long and any(transfer.has_long_line(raw, *gap) for gap in _gaps(raw, long_leaves)),
            eight_bit=_is_eight_bit(raw, long_leaves),
        )

    @property
    def html_parts(self) -> int:
        """How many HTML parts `copy` gives to `html`: their index runs from 0."""
        return len(self.pages)

    def copy(
        self, *, above: bytes, without: Callable[[str], bool], html: Callable[[int, str], str] | None = None
    ) -> bytes:
        """The mail as it leaves: `above`, the header fields but those whose lower-case name is `without`, the body.

        `above` is whole header lines with CRLF. Each page's text becomes what `html(index, text)` gives; the same text
        leaves its part as it is. Octets that the page's charset does not know are lone surrogates in the text. A part
        with too long lines is encoded anew. The mail in memory and its copy is all that a large mail costs.
        """
        edits = [edit for leaf in self.other_long_leaves for edit in _encoded_anew(self.raw, leaf)]
        for index, page in enumerate(self.pages):
            text = page.text if html is None else html(index, page.text)
            edits += _turned(self.raw, page, text)
        # Last, so that the sort puts a field's replacement before its removal.
        edits += [(start, end, ()) for name, start, _, end in self.root.fields if without(name)]
        return _spliced(self.raw, above, edits)


def fault_of_lines(raw: bytes) -> Malformed | None:
    """Why the mail cannot leave with its too long lines (RFC 5322 2.1.1); None for nearly every mail."""
    if not transfer.has_long_line(raw, 0, len(raw)) or not Original.read(raw).too_long_lines:
        return None
    return Malformed(
        reason="The mail has a line over 998 octets where it cannot be broken, in a signed or encrypted part or "
        "between parts; encode that part as base64 or quoted-printable."
    )


def _turned(raw: bytes, page: Page, text: str) -> list[Edit]:
    """The edits that put this text on the page. A text that its charset cannot say changes nothing."""
    octets = None if text == page.text else exact_octets(text, page.codec)
    if octets is not None:
        return _rewritten(raw, page.part, octets)
    return _encoded_anew(raw, page.part) if page.is_long else []


def _leaves(part: Part, forwarded: bool = False, fixed: bool = False) -> Iterator[tuple[Part, bool, bool]]:
    """Parts without parts; whether each is inside a forwarded mail, and inside something signed or encrypted."""
    if not part.children:
        yield part, forwarded, fixed
    forwarded = forwarded or part.content_type in MESSAGE_TYPES
    fixed = fixed or part.content_type in _SEALING
    for child in part.children:
        yield from _leaves(child, forwarded, fixed)


def _seal(raw: bytes, part: Part) -> str | None:
    """Why this part or one inside it is sealed. A forwarded mail has its own seals: its content is not changed."""
    kind = part.content_type
    if kind in _SEALING:
        return _SEALING[kind]
    if kind in _PKCS7:
        return "signed" if part.parameters.get("smime-type", "").lower() == "signed-data" else "encrypted"
    if kind.startswith("text/") and not _is_attachment(part):
        return _armour_of(raw, part)
    if kind in MESSAGE_TYPES:
        return None
    return next((seal for child in part.children if (seal := _seal(raw, child))), None)


def _armour_of(raw: bytes, part: Part) -> str | None:
    """What inline PGP (RFC 4880 6.2, 7) makes of a text; of an encoded text only its begin is read."""
    # Quoted-printable may escape the hyphens, but hardly the letters.
    if part.encoding != "base64" and raw.find(_ARMOUR_WORDS, part.body_start, part.end) < 0:
        return None
    if part.encoding in IDENTITY:
        return _armour(raw, part.body_start, part.end)
    content = part.content(raw, _ARMOUR_LOOK)
    return _armour(content, 0, len(content))


def _armour(raw: bytes, start: int, end: int) -> str | None:
    position = raw.find(_ARMOUR, start, end)
    while position >= 0:
        if position == start or raw[position - 1 : position] == b"\n":
            for words, seal in _ARMOURS:
                if raw.startswith(words, position + len(_ARMOUR)):
                    return seal
        position = raw.find(_ARMOUR, position + 1, end)
    return None


def _is_attachment(part: Part) -> bool:
    """Whatever is not inline is, an unknown word too (RFC 2183 2.8)."""
    header = part.first("Content-Disposition")
    return header is not None and header.text.partition(";")[0].strip().lower() not in {"", "inline"}


def _pages(raw: bytes, leaves: Iterable[tuple[Part, bool, bool]], may_be_long: bool) -> Iterator[Page]:
    room = MAX_HTML
    for part, forwarded, _ in leaves:
        size = part.end - part.body_start
        is_page = part.content_type == "text/html" and not forwarded and not _is_attachment(part)
        if not is_page or size > room or _contradicts_itself(part):
            continue
        content = _content(raw, part)
        read = None if content is None else exact_text(content, part.parameters.get("charset", ""))
        if read is not None:
            is_long = may_be_long and transfer.has_long_line(raw, part.body_start, part.end)
            yield Page(part=part, text=read[0], codec=read[1], is_long=is_long)
            room -= size


def _contradicts_itself(part: Part) -> bool:
    """Of two such fields other readers may believe the other one."""
    names = [name for name, *_ in part.fields if name in _DECISIVE]
    return len(names) != len(set(names))


def _content(raw: bytes, part: Part) -> bytes | None:
    """The octets that the part says, if every decoder reads the same: base64 with junk in it is none."""
    body = raw[part.body_start : part.end]
    if part.encoding in IDENTITY:
        return body
    if part.encoding == "quoted-printable":
        return decode_quoted(body)
    if part.encoding != "base64":
        return None
    try:
        return a2b_base64(body.translate(None, b" \t\r\n"), strict_mode=True)
    except BinasciiError:
        return None


def _long_leaves(raw: bytes, leaves: Iterable[tuple[Part, bool, bool]]) -> Iterator[Part]:
    """The leaves with a too long line that may be encoded anew (RFC 2046 5 forbids it for multiparts and messages)."""
    for part, _, fixed in leaves:
        may_change = not fixed and not part.content_type.startswith(("multipart/", "message/"))
        if may_change and part.encoding in _KNOWN and transfer.has_long_line(raw, part.body_start, part.end):
            yield part


def _gaps(raw: bytes, leaves: Iterable[Part]) -> Iterator[tuple[int, int]]:
    """The spans outside these bodies."""
    position = 0
    for leaf in leaves:
        yield position, leaf.body_start
        position = leaf.end
    yield position, len(raw)


def _is_eight_bit(raw: bytes, long_leaves: Iterable[Part]) -> bool:
    if raw.isascii():
        return False
    gaps = _gaps(raw, (leaf for leaf in long_leaves if leaf.encoding in IDENTITY))
    chunks = (raw[at : min(at + _CHUNK, end)] for start, end in gaps for at in range(start, end, _CHUNK))
    return not all(chunk.isascii() for chunk in chunks)


def _rewritten(raw: bytes, part: Part, content: bytes) -> list[Edit]:
    """The part with this content, in its own transfer encoding if that can carry it."""
    if part.encoding == "base64":
        last = b"\r\n" if raw.endswith(b"\n", part.body_start, part.end) else b""
        return [(part.body_start, part.end, (transfer.base64(content), last))]
    if part.encoding == "quoted-printable":
        return [(part.body_start, part.end, (transfer.quoted(content),))]
    if _is_fit(content, raw[part.body_start : part.end]):
        return [(part.body_start, part.end, (content,))]
    return [*_labelled(part, b"quoted-printable"), (part.body_start, part.end, (transfer.quoted(content),))]


def _is_fit(content: bytes, before: bytes) -> bool:
    """Whether this can stand unencoded in the other's place: no long lines, no new line ends or would-be boundaries."""
    return not transfer.has_long_line(content, 0, len(content)) and _shape(content) == _shape(before)


def _shape(content: bytes) -> tuple[int, int, int]:
    line_ends = content.count(b"\r\n")
    return (
        content.count(b"\n--") + content.startswith(b"--"),
        content.count(b"\n") - line_ends,
        content.count(b"\r") - line_ends,
    )


def _encoded_anew(raw: bytes, part: Part) -> list[Edit]:
    start, end = part.body_start, part.end
    match part.encoding:
        case "base64":
            last = (b"\r\n",) if raw.endswith(b"\n", start, end) else ()
            return [(start, end, transfer.rewrapped_base64(raw, start, end)), (end, end, last)]
        case "quoted-printable":
            return [(start, end, transfer.rewrapped_quoted(raw, start, end))]
    if part.content_type.startswith("text/"):
        return [*_labelled(part, b"quoted-printable"), (start, end, transfer.quoted_pieces(raw, start, end))]
    return [*_labelled(part, b"base64"), (start, end, transfer.base64_pieces(raw, start, end))]


def _labelled(part: Part, encoding: bytes) -> list[Edit]:
    """One Content-Transfer-Encoding field, in the place of the first if there is one."""
    line = b"Content-Transfer-Encoding: " + encoding + b"\r\n"
    old = [(start, end) for name, start, _, end in part.fields if name == _LABEL]
    if old:
        return [(*old[0], (line,)), *((start, end, ()) for start, end in old[1:])]
    place = part.fields[-1][-1] if part.fields else part.start
    return [(place, place, (line,) if place < part.body_start else (line, b"\r\n"))]


def _spliced(raw: bytes, above: bytes, edits: list[Edit]) -> bytes:
    out = BytesIO()
    out.write(above)
    position = 0
    with memoryview(raw) as view:
        for start, end, pieces in sorted(edits, key=lambda edit: edit[0]):
            if start >= position:
                out.write(view[position:start])
                out.writelines(pieces)
                position = end
        out.write(view[position:])
    return out.getvalue()
