"""Single send: HubSpot's v3, v4, date-versioned and legacy v1 paths, and the status of a send.

The answers promise only what the story says: this door reads the request and shows the status.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Literal, TypeVar

from pydantic import Field, JsonValue

from sendwright import ledger
from sendwright.doors.http import errors
from sendwright.doors.http.operations import Call, Meter, Operations
from sendwright.doors.http.send_body import read_send
from sendwright.doors.http.shapes import Shown, Taken, When, iso, milliseconds
from sendwright.single_send import Dialect, SendRequest, SentEvent, StatusView

__all__ = ["Dialect", "SendRequest", "SentEvent", "StatusView", "operations"]

T = TypeVar("T")

operations = Operations("Single send")

_TRANSACTIONAL = ("transactional-email",)
_ANY = ("transactional-email", "marketing-email")
_POLICY, _GIVE_UP_AFTER = "X-Sendwright-Duplicate-Policy", "X-Sendwright-Give-Up-After"
_LONGEST_STATUS_ID = 100
_FIRST_LOOK_SECONDS, _LAST_LOOK_SECONDS = 0.01, 0.25


class SingleSendMessage(Taken):
    """To whom, and how it differs from the e-mail's own settings."""

    to: str
    from_: str | None = Field(default=None, alias="from")
    send_id: str | None = None
    reply_to: list[str] | None = None
    cc: list[str] | None = None
    bcc: list[str] | None = None


class SingleSendRequest(Taken):
    """One mail to one recipient. ``customProperties`` are for this mail only and are never stored."""

    email_id: int
    message: SingleSendMessage
    contact_properties: dict[str, str] | None = None
    custom_properties: dict[str, JsonValue] | None = None


class NameAndValue(Taken):
    """A property, as v1 writes it."""

    name: str
    value: JsonValue


class LegacyMessage(Taken):
    """To whom, as v1 writes it."""

    to: str
    from_: str | None = Field(default=None, alias="from")
    send_id: str | None = None
    reply_to: str | None = None
    reply_to_list: list[str] | None = None
    cc: list[str] | None = None
    bcc: list[str] | None = None


class LegacySendRequest(Taken):
    """One mail to one recipient, as v1 writes it."""

    email_id: int
    message: LegacyMessage
    contact_properties: list[NameAndValue] | None = None
    custom_properties: list[NameAndValue] | None = None


class EventId(Shown):
    """Names an event of the e-mail events API."""

    id: str
    created: When


class EmailSendStatusView(Shown):
    """What became of a send so far."""

    status_id: str
    status: Literal["PENDING", "PROCESSING", "CANCELED", "COMPLETE"]
    requested_at: When
    started_at: When | None = None
    completed_at: When | None = None
    send_result: str | None = None
    event_id: EventId | None = None
    message: str | None = None


class LegacyEventId(Shown):
    """Names an event, its time in milliseconds since 1970."""

    id: str
    created: int


class LegacySendAnswer(Shown):
    """The outcome, or QUEUED when it takes longer than the answer can wait."""

    send_result: str
    message: str
    event_id: LegacyEventId | None = None


@operations.on_json(
    "POST",
    "/marketing/v3/transactional/single-email/send",
    also=["/marketing/transactional/{date}/single-email/send"],
    scopes=_TRANSACTIONAL,
    meter=Meter.EXEMPT,
    documented=SingleSendRequest,
    gives=EmailSendStatusView,
)
async def send_transactional_email(call: Call, body: JsonValue) -> dict[str, JsonValue]:
    """Sends one transactional e-mail.

    Accepted means on disk. Whatever needs a look-up (the e-mail, the domain, the recipient's history) shows in the
    status that statusId leads to.
    """
    return to_json(await call.services.accept(call.caller, _read(call, body, Dialect.V3)))


@operations.on_json(
    "POST",
    "/marketing/v4/email/single-send",
    also=["/marketing/email-campaigns/{date}/single-send"],
    scopes=_ANY,
    meter=Meter.EXEMPT,
    documented=SingleSendRequest,
    gives=EmailSendStatusView,
)
async def send_marketing_email(call: Call, body: JsonValue) -> dict[str, JsonValue]:
    """Sends one marketing e-mail."""
    return to_json(await call.services.accept(call.caller, _read(call, body, Dialect.V4)))


@operations.on_json(
    "POST",
    "/email/public/v1/singleEmail/send",
    scopes=_TRANSACTIONAL,
    meter=Meter.EXEMPT,
    documented=LegacySendRequest,
    gives=LegacySendAnswer,
)
async def send_legacy_email(call: Call, body: JsonValue) -> dict[str, JsonValue]:
    """Sends one transactional e-mail and waits some seconds for the outcome."""
    accepted = await call.services.accept(call.caller, _read(call, body, Dialect.V1))
    return _legacy_json(await _wait_until_final(call, accepted, call.services.settings.wait_for_result))


@operations.on("GET", "/marketing/v3/email/send-statuses/{statusId}", scopes=_ANY, gives=EmailSendStatusView)
async def get_send_status(call: Call) -> dict[str, JsonValue]:
    """Tells what became of a send."""
    status_id = call.path["statusId"]
    found = None
    if len(status_id) <= _LONGEST_STATUS_ID:
        found = await call.services.find_status(call.account_id, status_id)
    if found is None:
        raise errors.not_found("There is no send with this statusId in your account.")
    return to_json(found)


def to_json(view: StatusView) -> dict[str, JsonValue]:
    """The ``EmailSendStatusView`` of the wire, without empty parts."""
    found: dict[str, JsonValue] = {
        "statusId": view.status_id,
        "status": view.status,
        "requestedAt": iso(view.requested_at),
    }
    if view.started_at is not None:
        found["startedAt"] = iso(view.started_at)
    if view.completed_at is not None:
        found["completedAt"] = iso(view.completed_at)
    if view.send_result is not None:
        found["sendResult"] = view.send_result
    if view.event_id is not None:
        found["eventId"] = {"id": view.event_id.id, "created": iso(view.event_id.created)}
    if view.message is not None:
        found["message"] = view.message
    return found


def _read(call: Call, body: JsonValue, dialect: Dialect) -> SendRequest:
    fingerprint = hashlib.sha256(call.caller.token_id.encode() + b"\0" + call.body).hexdigest()
    key, tries = call.header("idempotency-key"), call.header("x-stainless-retry-count")
    request, terms = read_send(body, dialect, fingerprint, key, tries), _read_terms(call)
    return request if terms is None else replace(request, terms=terms)


def _read_terms(call: Call) -> ledger.Terms | None:
    policy, give_up_after = call.header(_POLICY), call.header(_GIVE_UP_AFTER)
    if policy is None and give_up_after is None:
        return None
    return ledger.Terms(
        duplicate_policy=_read_header(_POLICY, policy, ledger.read_policy),
        give_up_after=_read_header(_GIVE_UP_AFTER, give_up_after, ledger.read_give_up_after),
    )


def _read_header(name: str, text: str | None, read: Callable[[str], T]) -> T | None:
    try:
        return None if text is None else read(text)
    except ValueError as fault:
        raise errors.invalid_field(name, str(fault)) from fault


async def _wait_until_final(call: Call, view: StatusView, at_most: timedelta) -> StatusView:
    pause = _FIRST_LOOK_SECONDS
    try:
        async with asyncio.timeout(at_most.total_seconds()):
            while not view.is_final:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LAST_LOOK_SECONDS)
                view = await call.services.find_status(call.account_id, view.status_id) or view
    except TimeoutError:
        return view
    return view


def _legacy_json(view: StatusView) -> dict[str, JsonValue]:
    result = view.send_result or "QUEUED"
    found: dict[str, JsonValue] = {"sendResult": result, "message": view.message or _LEGACY_TEXTS.get(result, result)}
    if view.event_id is not None:
        found["eventId"] = {"id": view.event_id.id, "created": milliseconds(view.event_id.created)}
    return found


_LEGACY_TEXTS = {"SENT": "The email was sent.", "QUEUED": "The email was accepted and waits to be sent."}
