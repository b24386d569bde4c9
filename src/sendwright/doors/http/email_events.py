"""E-mail events, v1: what became of mails, newest first, in HubSpot's older dialect (numbers, milliseconds)."""

from __future__ import annotations

import re
from typing import Final

from pydantic import JsonValue

from sendwright import database, ledger, mail
from sendwright.doors.http import errors
from sendwright.doors.http.operations import Call, Operations, Parameter
from sendwright.doors.http.query import cursor, read_cursor
from sendwright.doors.http.shapes import Shown, milliseconds

operations = Operations("E-mail events")

_EVENTS: Final = "/email/public/v1/events"
_BIGGEST: Final = 10**18 - 1
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# Types that clients may ask for, although nothing here makes such events
_NEVER: Final = frozenset({"SUPPRESSED", "PRINT", "FORWARD", "UNBOUNCE"})

_ALL: Final = ("hmid", "smtpId", "appName")
_SUBMISSION: Final = ("subject", "from", "replyTo", "cc", "bcc")
_ENGAGEMENT: Final = ("browser", "location", "userAgent", "ipAddress", "deviceType", "filteredEvent")
_FACTS: Final[dict[ledger.EventType, tuple[str, ...]]] = {
    ledger.EventType.PROCESSED: (),
    ledger.EventType.SENT: _SUBMISSION,
    ledger.EventType.DROPPED: (*_SUBMISSION, "dropReason", "dropMessage"),
    ledger.EventType.DELIVERED: ("response",),
    ledger.EventType.DEFERRED: ("response", "attempt", "status"),
    ledger.EventType.BOUNCE: ("category", "response", "status"),
    ledger.EventType.OPEN: (*_ENGAGEMENT, "duration"),
    ledger.EventType.CLICK: (*_ENGAGEMENT, "url", "referer", "linkId"),
    ledger.EventType.SPAMREPORT: ("userAgent", "ipAddress"),
    ledger.EventType.STATUSCHANGE: (
        "source", "requestedBy", "portalSubscriptionStatus", "subscriptions", "bounced"
    ),
}  # fmt: skip
"""What each type shows of an event's facts, by HubSpot's names; anything else stays in the house."""


class EventRef(Shown):
    """Another event."""

    id: str
    created: int


class EmailEvent(Shown):
    """An event. Each type adds fields of its own."""

    id: str
    created: int
    type: str
    recipient: str
    portal_id: int
    app_id: int
    email_campaign_id: int | None = None
    send_id: str
    filtered_event: bool
    sent_by: EventRef | None = None


class EmailEvents(Shown):
    """A page of events. ``offset`` is where the next page begins."""

    has_more: bool
    offset: str
    events: list[EmailEvent]


@operations.on(
    "GET",
    _EVENTS,
    scopes=["content"],
    gives=EmailEvents,
    query=[
        Parameter(name="appId", kind="integer"),
        Parameter(name="campaignId", kind="integer"),
        Parameter(name="recipient"),
        Parameter(name="eventType"),
        Parameter(name="startTimestamp", about="Milliseconds since 1970; the first moment that counts."),
        Parameter(name="endTimestamp", about="Milliseconds since 1970; the last moment that counts."),
        Parameter(name="offset", about="The offset of the page before."),
        Parameter(name="limit", kind="integer", about="1 to 1000."),
    ],
)
async def list_email_events(call: Call) -> dict[str, JsonValue]:
    """Lists the events of mails, newest first."""
    limit = call.query.limit(default=100, most=1000)
    before = _before(call)
    events = list[ledger.Event]()
    if call.query.text("eventType") not in _NEVER:
        events = await call.db.read(_find, call.account_id, _filter(call), before, limit + 1)
    page = events[:limit]
    offset = cursor(page[-1].id) if page else call.query.text("offset") or ""
    return {"hasMore": len(events) > limit, "offset": offset, "events": [_show(event) for event in page]}


@operations.on("GET", f"{_EVENTS}/{{created}}/{{id}}", scopes=["content"], gives=EmailEvent)
async def read_email_event(call: Call) -> dict[str, JsonValue]:
    """Reads one event."""
    created, id_ = call.number("created"), call.path["id"].lower()
    event = await call.db.read(ledger.find_event, call.account_id, id_) if _UUID.fullmatch(id_) else None
    if event is None or milliseconds(event.created) != created:
        raise errors.not_found()
    return _show(event)


def _find(
    conn: database.Connection, account_id: int, wanted: ledger.EventFilter, before: str | None, limit: int
) -> list[ledger.Event]:
    return ledger.find_events(conn, account_id, wanted, before=before, limit=limit)


def _filter(call: Call) -> ledger.EventFilter:
    query = call.query
    return ledger.EventFilter(
        recipient=_recipient(query.text("recipient")),
        type=_type(query.text("eventType")),
        campaign_id=query.number("campaignId", least=0, most=_BIGGEST),
        app_id=query.number("appId", least=0, most=_BIGGEST),
        since=query.moment("startTimestamp"),
        until=query.moment("endTimestamp"),
    )


def _recipient(text: str | None) -> str | None:
    """As events carry it: the domain in A-labels."""
    address = None if text is None else mail.parse_address(text)
    return address.key if isinstance(address, mail.Address) else text


def _type(text: str | None) -> ledger.EventType | None:
    if text is None:
        return None
    try:
        return ledger.EventType(text.upper())
    except ValueError as fault:
        known = ", ".join([*ledger.EventType, *sorted(_NEVER)])
        raise errors.invalid_field("eventType", f"must be one of {known}") from fault


def _before(call: Call) -> str | None:
    offset = call.query.text("offset")
    return None if offset is None else str(read_cursor(offset, "t", "offset")[0])


def _show(event: ledger.Event) -> dict[str, JsonValue]:
    shown: dict[str, JsonValue] = {
        "id": event.id,
        "created": milliseconds(event.created),
        "type": event.type.value,
        "recipient": event.recipient,
        "portalId": event.account_id,
        "appId": event.app_id,
        "sendId": event.send_id,
        "filteredEvent": False,
    }
    if event.campaign_id is not None:
        shown["emailCampaignId"] = event.campaign_id
    if event.sent_id is not None and event.sent_at is not None:
        shown["sentBy"] = {"id": event.sent_id, "created": milliseconds(event.sent_at)}
    names = (*_ALL, *_FACTS[event.type])
    return shown | {name: event.facts[name] for name in names if event.facts.get(name) is not None}
