"""What a caller asks for and is told, and how a request waits in the ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sendwright import ledger

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]

_as_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode

STREAM = "transactional"
APP_ID = 22_700
"""The application number that events carry for single sends (HubSpot's own for its SMTP API is 22709)."""


class Dialect(StrEnum):
    """Which of the three ways of asking was used. The date-versioned paths speak v3 and v4."""

    V1 = "v1"
    V3 = "v3"
    V4 = "v4"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """A single send whose shape is right; whether it can be sent is decided when it is composed.

    ``fingerprint``: SHA-256 (hexadecimal) over the token's id and the body as it came, to know an identical repeat.
    ``retry_count``: what a client that repeats by itself says of its tries, 0 for the first; None if it says nothing.
    """

    email_id: int
    to: str
    from_: str | None
    send_id: str | None
    reply_to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    contact_properties: Mapping[str, str]
    custom_properties: Mapping[str, JsonValue]
    idempotency_key: str | None
    retry_count: int | None
    dialect: Dialect
    fingerprint: str
    terms: ledger.Terms = ledger.USUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class SentEvent:
    """Names the SENT event of a send."""

    id: str
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """What became of a send so far. ``status``: PENDING, PROCESSING, CANCELED or COMPLETE."""

    status_id: str
    status: str
    requested_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    send_result: str | None = None
    event_id: SentEvent | None = None
    message: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more is to be waited for."""
        return self.status in ("COMPLETE", "CANCELED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A request as it comes back from the ledger: what composing needs of it."""

    to: str
    from_: str | None
    reply_to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    contact_properties: Mapping[str, str]
    custom_properties: Mapping[str, JsonValue] = field(repr=False)


def keys_of(request: SendRequest) -> tuple[ledger.Key, ...]:
    """By what a repeat of this request is known: the caller's own keys, else its client's word that it repeats."""
    keys = []
    if request.send_id:
        keys.append(ledger.Key(kind=ledger.KeyKind.SEND_ID, digest=_digest(request.send_id)))
    if request.idempotency_key:
        keys.append(ledger.Key(kind=ledger.KeyKind.HEADER, digest=_digest(request.idempotency_key)))
    if not keys and request.retry_count is not None:
        repeated = request.retry_count > 0
        keys.append(ledger.Key(kind=ledger.KeyKind.RETRY, digest=request.fingerprint, repeated=repeated))
    return tuple(keys)


def encode(request: SendRequest) -> bytes:
    """The request as it waits in the ledger; the same request gives the same bytes."""
    wish = {
        "emailId": request.email_id,
        "to": request.to,
        "from": request.from_,
        "replyTo": request.reply_to,
        "cc": request.cc,
        "bcc": request.bcc,
        "contact": dict(request.contact_properties),
        "custom": dict(request.custom_properties),
    }
    return _as_json(wish).encode()


def decode(payload: bytes) -> Wish:
    """Back from the ledger."""
    wish = json.loads(payload)
    return Wish(
        to=wish["to"], from_=wish["from"], reply_to=tuple(wish["replyTo"]), cc=tuple(wish["cc"]),
        bcc=tuple(wish["bcc"]), contact_properties=wish["contact"], custom_properties=wish["custom"],
    )  # fmt: skip


def status_view(send: ledger.Send) -> StatusView:
    """A send as its caller sees it."""
    sent = send.result is ledger.SendResult.SENT and send.sent_event_id is not None and send.sent_event_at is not None
    return StatusView(
        status_id=send.id,
        status=ledger.status_of(send.state, send.result),
        requested_at=send.requested_at,
        started_at=send.started_at,
        completed_at=send.completed_at,
        send_result=send.result,
        event_id=SentEvent(id=send.sent_event_id, created=send.sent_event_at) if sent else None,  # type: ignore[arg-type]
        message=send.explanation,
    )


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
