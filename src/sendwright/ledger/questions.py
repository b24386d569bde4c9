"""What may be asked of the ledger, and a delivery as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sendwright.ledger.model import DeliveryId, DeliveryState, EventType, Part, SendId, SendResult, SendState


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are asked for; None asks for all."""

    recipient: str | None = None
    type: EventType | None = None
    campaign_id: int | None = None
    app_id: int | None = None
    send_id: SendId | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFilter:
    """Which sends are asked for; None asks for all."""

    recipient: str | None = None
    state: SendState | None = None
    result: SendResult | None = None
    email_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """A delivery as shown."""

    id: DeliveryId
    recipient: str
    part: Part
    state: DeliveryState
    tries: int
    due: datetime | None
    explanation: str | None
    egress: str = ""
    """By which it leaves; "": the installation's own way."""
