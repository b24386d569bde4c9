"""The words between the single-send door and its story: what was asked, what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import JsonValue


class Dialect(StrEnum):
    """Which of the three ways of asking was used. The date-versioned paths speak v3 and v4."""

    V1 = "v1"
    V3 = "v3"
    V4 = "v4"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """A single send whose shape is right; whether it can be sent is for the story to say.

    Addresses are as the client wrote them. ``retry_count`` is what a client's automatic retry says of itself;
    ``fingerprint`` is SHA-256 (hexadecimal) over the token's id and the body as it came, to know an identical repeat.
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
        """Whether nothing more will become of it."""
        return self.status in ("COMPLETE", "CANCELED")
