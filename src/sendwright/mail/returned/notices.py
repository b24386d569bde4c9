"""Notices in JSON, as Amazon SES sends them by mail (SNS): bounces and complaints of recipients."""

import json
from dataclasses import dataclass
from typing import Final

_MAX: Final = 256 * 1024
_MAX_RECIPIENTS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticedAddress:
    address: str
    status: str = ""
    action: str = ""
    diagnostic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`kind` is "bounce", "complaint" or "delivery"."""

    kind: str
    recipients: tuple[NoticedAddress, ...]
    feedback_type: str
    headers: tuple[tuple[str, str], ...]


def read_notice(text: str) -> Notice | None:
    """The notice in this text, or None. Never raises."""
    start = text.find("{", 0, 4_096)
    if start < 0 or not any(word in text[:_MAX] for word in ("otificationType", "eventType")):
        return None
    outer = _object(text[start : start + _MAX])
    inner = outer.get("Message")
    return _notice(_object(inner) if isinstance(inner, str) else outer)


def _object(text: str) -> dict[str, object]:
    # Mail systems fold lines that are too long, also inside of strings; sendmail marks that by an exclamation mark.
    for candidate in (text.replace("!\n ", "").replace("\n ", ""), text, text.replace("\n", "")):
        try:
            value, _ = json.JSONDecoder(strict=False).raw_decode(candidate.lstrip())
        except (ValueError, RecursionError):
            continue
        return _mapping(value)
    return {}


def _notice(value: dict[str, object]) -> Notice | None:
    kind = _text(value, "notificationType") or _text(value, "eventType")
    match kind:
        case "Bounce":
            listed = _listed(_mapping(value.get("bounce")).get("bouncedRecipients"))
        case "Complaint":
            listed = _listed(_mapping(value.get("complaint")).get("complainedRecipients"))
        case "Delivery":
            addresses = _list(_mapping(value.get("delivery")).get("recipients"))
            listed = tuple(NoticedAddress(address=text) for text in addresses if isinstance(text, str))
        case _:
            return None
    return Notice(
        kind=kind.lower(),
        recipients=listed,
        feedback_type=_text(_mapping(value.get("complaint")), "complaintFeedbackType"),
        headers=_headers(_mapping(value.get("mail"))),
    )


def _listed(value: object) -> tuple[NoticedAddress, ...]:
    entries = [_mapping(entry) for entry in _list(value)]
    return tuple(
        NoticedAddress(
            address=_text(entry, "emailAddress"),
            status=_text(entry, "status"),
            action=_text(entry, "action"),
            diagnostic=_text(entry, "diagnosticCode"),
        )
        for entry in entries
    )


def _headers(mail: dict[str, object]) -> tuple[tuple[str, str], ...]:
    entries = [_mapping(entry) for entry in _list(mail.get("headers"))]
    named = [(_text(entry, "name").lower(), _text(entry, "value")) for entry in entries]
    return (*named, ("return-path", _text(mail, "source")))


def _mapping(value: object) -> dict[str, object]:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value[:_MAX_RECIPIENTS] if isinstance(value, list) else []


def _text(value: dict[str, object], key: str) -> str:
    found = value.get(key)
    return " ".join(found[:2_000].split()) if isinstance(found, str) else ""
