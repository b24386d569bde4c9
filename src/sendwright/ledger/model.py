"""The ledger's words: what was promised (sends, deliveries) and what became of it (attempts, events)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from sendwright.ledger.values import value

SendId = NewType("SendId", str)
"""A canonical UUID of version 7; the ``statusId`` of the API."""
DeliveryId = NewType("DeliveryId", str)
AttemptId = NewType("AttemptId", str)

Facts = Mapping[str, Any]
"""What an event knows beside its columns, as JSON."""


def mid(account_id: int, send_id: SendId) -> str:
    """Names a send in a header of its own, and as ``hmid`` in its events."""
    return f"{account_id}.{send_id}"


class SendState(StrEnum):
    """The life of a send. The moves are in ``rules.SEND_MOVES``."""

    ACCEPTED = "accepted"  # durable; nothing done yet
    COMPOSING = "composing"  # a worker holds the lease and makes the message
    QUEUED = "queued"  # its deliveries wait, are attempted, or were put off
    FINAL = "final"  # the result stands; its payload is erased
    CANCELED = "canceled"  # taken back before an attempt


class SendResult(StrEnum):
    """Why a send ended as it did: the values of HubSpot's ``sendResult`` that we give."""

    SENT = "SENT"
    QUEUED = "QUEUED"
    IDEMPOTENT_IGNORE = "IDEMPOTENT_IGNORE"
    IDEMPOTENT_FAIL = "IDEMPOTENT_FAIL"
    PORTAL_SUSPENDED = "PORTAL_SUSPENDED"
    INVALID_TO_ADDRESS = "INVALID_TO_ADDRESS"
    INVALID_FROM_ADDRESS = "INVALID_FROM_ADDRESS"
    BLOCKED_DOMAIN = "BLOCKED_DOMAIN"
    PREVIOUSLY_BOUNCED = "PREVIOUSLY_BOUNCED"
    PREVIOUS_SPAM = "PREVIOUS_SPAM"
    MISSING_CONTENT = "MISSING_CONTENT"
    MISSING_TEMPLATE_PROPERTIES = "MISSING_TEMPLATE_PROPERTIES"
    TEMPLATE_RENDER_EXCEPTION = "TEMPLATE_RENDER_EXCEPTION"
    HUBL_LIMIT_EXCEEDED = "HUBL_LIMIT_EXCEEDED"
    TOO_MANY_RECIPIENTS = "TOO_MANY_RECIPIENTS"
    UNCONFIGURED_SENDING_DOMAIN = "UNCONFIGURED_SENDING_DOMAIN"
    UNDELIVERABLE = "UNDELIVERABLE"


class DeliveryState(StrEnum):
    """The life of a delivery. The moves are in ``rules.DELIVERY_MOVES``."""

    WAITING = "waiting"  # free to be claimed once due
    LEASED = "leased"  # a worker holds it; nothing that could deliver it was sent yet
    COMMITTING = "committing"  # the worker recorded that it now writes the final dot
    IN_DOUBT = "in_doubt"  # the dot may have been written, the answer is not known; tried again once due
    DELIVERED = "delivered"  # the remote server took it
    FAILED = "failed"  # refused for good, or given up
    CANCELED = "canceled"  # taken back


class Part(StrEnum):
    """In what part a recipient stands. Only ``to`` is tracked and has a timeline."""

    TO = "to"
    CC = "cc"
    BCC = "bcc"


class EventType(StrEnum):
    """Facts about a send, by HubSpot's names."""

    PROCESSED = "PROCESSED"
    SENT = "SENT"
    DROPPED = "DROPPED"
    DELIVERED = "DELIVERED"
    DEFERRED = "DEFERRED"
    BOUNCE = "BOUNCE"
    OPEN = "OPEN"
    CLICK = "CLICK"
    SPAMREPORT = "SPAMREPORT"
    STATUSCHANGE = "STATUSCHANGE"


class KeyKind(StrEnum):
    """Where an idempotency key came from."""

    SEND_ID = "send"  # message.sendId: for ever
    HEADER = "http"  # the Idempotency-Key header: for ever
    RETRY = "auto"  # a client that repeats by itself and gives no key: for a short while


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An idempotency key: ``digest`` is a hash of what the caller gave."""

    kind: KeyKind
    digest: str
    repeated: bool = False
    """For ``RETRY`` keys: the client says that this is not its first try."""


@value
class NewSend:
    """A request as accepted, not yet looked at. ``payload`` is what composing needs; erased once the send is final."""

    account_id: int
    id: SendId
    requested_at: datetime
    stream: str
    email_id: int
    app_id: int
    token_id: str | None
    recipient: str
    payload: bytes
    payload_hash: str
    keys: tuple[Key, ...] = ()
    shelf: Shelf | None = None
    """Where the payload lies, if not with this send alone; None: under its own id, whole."""
    labels: Labels | None = None


@value
class Shelf:
    """A payload that several sends share, or that was too large for one write (:func:`ledger.shelve`).

    ``pieces`` of ``size_bytes`` in all follow what the send itself brings. ``keep_until``: by the sender's wish.
    """

    id: str
    pieces: int = 0
    size_bytes: int = 0
    keep_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What a sender wants to find its send by."""

    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a large payload, numbered from 0."""

    account_id: int
    payload_id: str
    number: int
    content: bytes = field(repr=False)


@value
class Send:
    """A send as the ledger has it."""

    account_id: int
    id: SendId
    state: SendState
    result: SendResult | None
    explanation: str | None
    requested_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    stream: str
    email_id: int
    campaign_id: int | None
    app_id: int
    recipient: str
    contact_id: int | None
    sender: str | None
    subject: str | None
    sent_event_id: str | None
    sent_event_at: datetime | None
    labels: Labels | None = None


@value
class Lease:
    """Who holds a row, and under which epoch: the fence of every later write."""

    owner: str
    epoch: int


@value
class ClaimedSend:
    """A send leased for composing."""

    account_id: int
    id: SendId
    lease: Lease
    requested_at: datetime
    stream: str
    email_id: int
    app_id: int
    recipient: str
    payload: bytes = field(repr=False)
    shelf: Shelf | None = None


@value
class NewDelivery:
    """One recipient of a composed send."""

    id: DeliveryId
    recipient: str
    part: Part
    domain: str
    """Where it goes: the recipient's domain as A-label."""
    egress: str = ""
    """By which egress it leaves; "": the installation's own way."""
    due: datetime | None = None
    """Not before: it begins waiting, held by nobody, for the reason in `explanation`; None: leased at once."""
    explanation: str | None = None


@value
class NewEvent:
    """A fact to be recorded."""

    account_id: int
    id: str
    type: EventType
    created: datetime
    send_id: SendId
    recipient: str
    campaign_id: int | None
    app_id: int
    facts: Facts = field(default_factory=dict)
    sent_id: str | None = None
    sent_at: datetime | None = None


@value
class Composed:
    """A send whose message could be made: its deliveries begin, leased to the same worker."""

    send: ClaimedSend
    now: datetime
    campaign_id: int
    contact_id: int | None
    sender: str
    subject: str
    snapshot: bytes
    """What composing looked up, so that each later try makes the same bytes; empty if it looked nothing up."""
    deliveries: tuple[NewDelivery, ...]
    event: NewEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A send that ends before any attempt, and why."""

    send: ClaimedSend
    now: datetime
    result: SendResult
    explanation: str
    campaign_id: int | None
    contact_id: int | None
    event: NewEvent


@value
class Delivery:
    """A leased delivery, with what its message is made from."""

    account_id: int
    id: DeliveryId
    send_id: SendId
    lease: Lease
    recipient: str
    part: Part
    domain: str
    stream: str
    tries: int
    accepted_at: datetime
    email_id: int
    campaign_id: int
    app_id: int
    payload: bytes = field(repr=False)
    snapshot: bytes
    sent_id: str | None
    sent_at: datetime | None
    shelf: Shelf | None = None
    egress: str = ""


@value
class Intent:
    """ "Now I write the final dot": recorded before it is written."""

    delivery: Delivery
    attempt_id: AttemptId
    host: str
    at: datetime


class Outcome(StrEnum):
    """What one try came to."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    RELEASED = "released"  # never begun: given back as it was


@value
class Attempt:
    """One try, whole: where, what was said, how long."""

    account_id: int
    id: AttemptId
    send_id: SendId
    delivery_id: DeliveryId
    recipient: str
    number: int
    outcome: Outcome
    started_at: datetime
    ended_at: datetime
    host: str | None
    ip: str | None
    tls: str | None
    stage: str | None
    code: int | None
    status: str | None
    """Enhanced status code (RFC 3463)."""
    reply: str | None
    explanation: str
    dialogue: tuple[tuple[int, str, str], ...]
    """(milliseconds since the start, who spoke, what), in order."""


@value
class Sent:
    """The SENT event of a send."""

    id: str
    at: datetime


@value
class Settlement:
    """What an attempt means for its delivery and its send."""

    delivery: Delivery
    attempt: Attempt
    due: datetime | None
    """When it is tried again; None for a final outcome."""
    charged: bool
    """Whether the try counts."""
    result: SendResult | None
    """For the ``to`` recipient: the result of the send from now on."""
    events: tuple[NewEvent, ...]
    sent: Sent | None = None
    """The SENT event, made by this attempt or by one before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A recorded fact."""

    account_id: int
    id: str
    type: EventType
    created: datetime
    send_id: SendId
    recipient: str
    campaign_id: int | None
    app_id: int
    facts: Facts
    sent_id: str | None
    sent_at: datetime | None
