"""From a submitted mail to one recipient's copy: our lines above, our fields gone, tracked, signed.

The same mail, send and domain give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from sendwright import composing, domains, ledger, mail, outbound
from sendwright.composing import Tools, Trail
from sendwright.submission.model import STREAM, Untracked, Wish

_PRODUCT = "sendwright"
_GONE = frozenset({"bcc", "resent-bcc", "return-path"})
_OURS = "x-sendwright-"
_LARGE = 1024 * 1024


class Signatures:
    """Of one text by one domain, once they are made."""

    known: bytes | None = None

    def made(self, signatures: bytes) -> bytes:
        """Remembered, and given back."""
        self.known = signatures
        return signatures


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A submitted mail, taken apart once for all its recipients."""

    wish: Wish
    original: mail.Original = field(repr=False)
    heading: mail.Heading
    to: frozenset[str]
    cc: frozenset[str]
    """The keys of the addresses that the header names."""
    signatures: Signatures = field(default_factory=Signatures, repr=False)
    """Of the original: copies without tracking differ in lines that nobody signs."""

    @classmethod
    def read(cls, wish: Wish, content: bytes) -> Text | mail.Malformed:
        """From the ledger; what was accepted can be read."""
        heading = mail.read_heading(content)
        if isinstance(heading, mail.Malformed):
            return heading
        return cls(
            wish=wish, original=mail.Original.read(content), heading=heading,
            to=frozenset(box.address.key for box in heading.to), cc=frozenset(box.address.key for box in heading.cc),
        )  # fmt: skip

    def part_of(self, key: str) -> ledger.Part:
        """Where a recipient of the envelope stands in the header; who stands nowhere is bcc."""
        if key in self.to:
            return ledger.Part.TO
        return ledger.Part.CC if key in self.cc else ledger.Part.BCC

    @property
    def author(self) -> mail.Address:
        """The first address of From: whose domain signs."""
        return self.heading.from_[0].address

    @property
    def is_tls_relaxed(self) -> bool:
        """Whether the header asks to rather deliver it than heed what MTA-STS or DANE demand (RFC 8689 section 5)."""
        field = self.original.root.first("TLS-Required")
        return field is not None and field.value.strip().lower() == "no"

    @property
    def has_utf8_header(self) -> bool:
        """RFC 6532: such a mail needs SMTPUTF8 on its way."""
        return not self.original.raw[: self.original.root.body_start].isascii()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A mail ready to leave for one recipient. ``untracked``: why nobody will know whether it was opened; or None."""

    content: bytes = field(repr=False)
    untracked: str | None
    eight_bit: bool
    smtputf8: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What makes a copy somebody's own."""

    send: ledger.ClaimedSend | ledger.Delivery
    send_id: ledger.SendId
    message_id: str
    """The payload's id: all recipients of one mail get one Message-ID."""
    at: datetime
    recipient: mail.Address
    part: ledger.Part
    domain: domains.Domain
    hostname: str


def make_copy(text: Text, stamp: Stamp, keys: Sequence[outbound.SigningKey], tools: Tools) -> Copy:
    """The copy of one recipient."""
    untracked = _untracked(text, stamp)
    trail = Trail(account_id=stamp.send.account_id, send_id=stamp.send_id, domain=stamp.domain)

    def written(above: bytes) -> bytes:
        html = None if untracked is not None else _Tracker(text.wish, trail, tools)
        return text.original.copy(above=above, without=_is_gone, html=html)

    signatures = Signatures() if untracked is None else text.signatures
    above = _above(text, stamp, _complaint_lines(text, stamp, tools, shared=untracked is not None))
    signed = _signed(written, above, signatures, stamp.at, keys)
    return Copy(
        content=signed,
        untracked=untracked,
        eight_bit=not signed.isascii(),
        smtputf8=stamp.recipient.needs_smtputf8 or text.has_utf8_header,
    )


def _signed(
    written: Callable[[bytes], bytes], above: bytes, signatures: Signatures, at: datetime,
    keys: Sequence[outbound.SigningKey],
) -> bytes:  # fmt: skip
    """The copy with its signatures before it. A large one is written twice rather than held twice."""
    if signatures.known is not None:
        return written(signatures.known + above)
    content = written(above)
    made = signatures.made(outbound.sign(content, keys, at))
    if len(content) <= _LARGE:
        return made + content
    del content
    return written(made + above)


class _Tracker:
    """Tracks the HTML parts in their order; only the first gets the pixel: one open is one open."""

    def __init__(self, wish: Wish, trail: Trail, tools: Tools) -> None:
        self._wish, self._trail, self._tools = wish, trail, tools
        self._links = 0

    def __call__(self, part: int, html: str) -> str:
        done = composing.tracked(
            html, self._trail, self._tools, clicks=self._wish.clicks, opens=self._wish.opens and part == 0,
            first_link=self._links,
        )  # fmt: skip
        self._links += len(done.links)
        return done.html


def _untracked(text: Text, stamp: Stamp) -> str | None:
    if stamp.part is not ledger.Part.TO:
        return Untracked.COPY
    if not (text.wish.opens or text.wish.clicks):
        return Untracked.OFF
    return text.original.sealed or (None if text.original.html_parts else Untracked.NO_HTML)


def _is_gone(name: str) -> bool:
    return name in _GONE or name.startswith(_OURS)


def _complaint_lines(text: Text, stamp: Stamp, tools: Tools, *, shared: bool) -> list[str]:
    """By what a complaint is known. Who wrote such fields keeps its own.

    Copies without tracking share a signature, so that what differs in them stands in a field that nobody signs.
    """
    headers = tools.complaint_headers(stamp.domain, stamp.send_id)
    if shared or text.original.root.first("CFBL-Feedback-ID") or text.original.root.first("CFBL-Address"):
        return [f"X-Sendwright-Feedback-ID: {headers[-1][1]}"]
    return [f"{name}: {value}" for name, value in headers]


def _above(text: Text, stamp: Stamp, complaint: Sequence[str]) -> bytes:
    send, heading = stamp.send, text.heading
    lines = [_received(text.wish, stamp), f"X-Sendwright-MID: {ledger.mid(send.account_id, stamp.send_id)}"]
    lines += complaint
    if text.original.root.first("Feedback-ID") is None:
        lines.append(f"Feedback-ID: {text.wish.campaign_id}:{send.account_id}:{STREAM}:{_PRODUCT}")
    if not heading.message_id:
        lines.append(f"Message-ID: <{stamp.message_id}@{stamp.domain.name}>")
    if not heading.has_date:
        lines.append(f"Date: {_date(stamp.at)}")
    return "\r\n".join((*lines, "")).encode()


_date = lru_cache(maxsize=64)(format_datetime)


def _received(wish: Wish, stamp: Stamp) -> str:
    """RFC 5321 section 4.4. No ``for``: it would tell one recipient of another."""
    address = f"IPv6:{wish.ip}" if ":" in wish.ip else wish.ip
    date = _date(stamp.at)
    return (
        f"Received: from {wish.helo} ([{address}])\r\n"
        f"\tby {stamp.hostname} with {wish.protocol} id {stamp.send_id};\r\n\t{date}"
    )
