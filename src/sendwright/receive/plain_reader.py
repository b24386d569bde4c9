"""A reader of reports that are written by the book (RFC 3464, RFC 5965), and of nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sendwright import mail

_MOST_FIELDS = 64 * 1024
_MOST_PARTS = 50
_REASONS = {
    "5.1.1": "userunknown", "5.1.6": "hasmoved", "5.1.2": "hostunknown", "5.1.10": "userunknown",
    "5.2.2": "mailboxfull", "4.2.2": "mailboxfull", "4.4.7": "expired", "5.4.7": "expired",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRecipient:
    """One recipient of a plain report."""

    address: str
    status: str
    reply_code: str
    reason: str
    hard: bool
    diagnostic: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainReport:
    """A mail that came back, as the book has it."""

    kind: str
    recipients: tuple[PlainRecipient, ...] = ()
    delivered: tuple[str, ...] = ()
    original_recipients: tuple[str, ...] = ()
    feedback_type: str = ""

    @property
    def is_abuse(self) -> bool:
        """Whether a person complained."""
        return self.kind == "complaint" and self.feedback_type in ("", "abuse", "fraud", "opt-out", "other")


def read_report(raw: bytes) -> PlainReport:
    """Reads any octets; never raises."""
    root = mail.read(raw).root
    for part in _parts(root):
        if part.content_type == "message/feedback-report":
            return _complaint(part.text(raw, _MOST_FIELDS))
        if part.content_type in ("message/delivery-status", "message/global-delivery-status"):
            return _bounce(part.text(raw, _MOST_FIELDS))
    answered = root.value("Auto-Submitted").lower().startswith("auto-replied")
    return PlainReport(kind="auto_reply" if answered else "other")


def _parts(root: mail.Part) -> Iterator[mail.Part]:
    waiting = [root]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        yield part
        if not part.content_type.startswith("message/"):
            waiting += part.children


def _bounce(text: str) -> PlainReport:
    blocks = [_fields(block) for block in text.replace("\r\n", "\n").strip().split("\n\n")]
    told = tuple(_recipient(block) for block in blocks[1:] if "final-recipient" in block)
    original = tuple(_typed(block["original-recipient"]) for block in blocks[1:] if "original-recipient" in block)
    return PlainReport(kind="bounce", recipients=told, original_recipients=original)


def _complaint(text: str) -> PlainReport:
    fields = _fields(text)
    named = fields.get("original-rcpt-to", "")
    return PlainReport(
        kind="complaint", feedback_type=fields.get("feedback-type", "").lower(),
        original_recipients=(named.strip("<>"),) if named else (),
    )  # fmt: skip


def _recipient(fields: Mapping[str, str]) -> PlainRecipient:
    status, words = fields.get("status", "").partition(" ")[0], _typed(fields.get("diagnostic-code", ""))
    about_us = {"7": "policyviolation", "6": "contenterror"}.get(status[2:3], "undefined")
    return PlainRecipient(
        address=_typed(fields["final-recipient"]), status=status, diagnostic=words, hard=status.startswith("5"),
        reply_code=words[:3] if words[:3].isdigit() else "", reason=_REASONS.get(status, about_us),
        action=fields.get("action", "").lower(),
    )  # fmt: skip


def _typed(value: str) -> str:
    """RFC 3464 section 2.1.2: the type stands before a semicolon."""
    return value.partition(";")[2].strip() if ";" in value else value.strip()


def _fields(block: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in block.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ").split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), value.strip())
    return fields
