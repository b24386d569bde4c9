"""Contacts one by one, and their timeline. Many at once: ``contact_batches.py``; search: ``contact_search.py``."""

from __future__ import annotations

from urllib.parse import urlencode

from pydantic import JsonValue

from sendwright import crm, database
from sendwright.doors.http import errors
from sendwright.doors.http.contact_shapes import (
    ARCHIVED,
    ID_PROPERTY,
    READ,
    SHOWN_PROPERTIES,
    SOURCE,
    WRITE,
    ContactChange,
    ContactObject,
    ContactPage,
    Looks,
    NewContact,
    Wish,
    fault_of,
    find,
    look,
    read_key,
    refuse_associations,
    show,
    show_written,
    wish,
)
from sendwright.doors.http.operations import Call, Operations, Parameter
from sendwright.doors.http.shapes import Paging, Shown, When

operations = Operations("Contacts")

_LIST = "/crm/v3/objects/contacts"
_ONE = f"{_LIST}/{{contactId}}"


def also(path: str) -> list[str]:
    """The other names of a path of contacts: date-versioned, and by the type id of contacts."""
    dated = path.replace("/crm/v3/objects/", "/crm/objects/{date}/")
    return [dated, *(each.replace("/contacts", "/0-1") for each in (path, dated))]


@operations.on("POST", _LIST, also=also(_LIST), scopes=WRITE, success=201, takes=NewContact, gives=ContactObject)
async def create_contact(call: Call, body: NewContact) -> dict[str, JsonValue]:
    """Creates a contact."""
    refuse_associations(body)
    (verdict,) = await call.db.write(crm.create_contacts, call.account_id, [body.properties], SOURCE, call.now)
    return _written(verdict)


@operations.on(
    "GET",
    _LIST,
    also=also(_LIST),
    scopes=READ,
    gives=ContactPage,
    query=[Parameter(name="limit", kind="integer"), Parameter(name="after"), *SHOWN_PROPERTIES, ARCHIVED],
)
async def list_contacts(call: Call) -> dict[str, JsonValue]:
    """Lists contacts in the order in which they were made."""
    asked = _wish(call)
    limit = call.query.limit(default=10, most=50 if asked.with_past else 100)
    after = call.query.number("after", least=0, most=10**18 - 1) or 0
    archived = bool(call.query.flag("archived"))
    looks = await call.db.read(_list, call.account_id, after, limit + 1, archived, asked)
    results = show(looks, asked)
    page: dict[str, JsonValue] = {"results": list(results[:limit])}
    if len(results) > limit:
        page["paging"] = _next(call, str(results[limit - 1]["id"]))
    return page


@operations.on(
    "GET", _ONE, also=also(_ONE), scopes=READ, gives=ContactObject, query=[*SHOWN_PROPERTIES, ID_PROPERTY, ARCHIVED]
)
async def read_contact(call: Call) -> dict[str, JsonValue]:
    """Reads a contact."""
    key = read_key(call.path["contactId"], call.query.text("idProperty"))
    asked = _wish(call)
    if key is not None:
        looks = await call.db.read(find, call.account_id, [key], bool(call.query.flag("archived")), asked)
        for shown in show(looks, asked):
            return shown
    raise errors.not_found()


@operations.on(
    "PATCH", _ONE, also=also(_ONE), scopes=WRITE, takes=ContactChange, gives=ContactObject, query=[ID_PROPERTY]
)
async def update_contact(call: Call, body: ContactChange) -> dict[str, JsonValue]:
    """Writes properties of a contact."""
    key = read_key(call.path["contactId"], call.query.text("idProperty"))
    if key is None:
        raise errors.not_found()
    change = crm.Change(key=key, properties=body.properties)
    (verdict,) = await call.db.write(crm.update_contacts, call.account_id, [change], SOURCE, call.now)
    return _written(verdict)


@operations.on("DELETE", _ONE, also=also(_ONE), scopes=WRITE, success=204)
async def archive_contact(call: Call) -> None:
    """Archives a contact. Done also when it is not there."""
    await call.db.write(crm.archive_contacts, call.account_id, [crm.ContactId(call.number("contactId"))], call.now)


class TimelineEntry(Shown):
    """An entry on a timeline."""

    id: str
    kind: str
    direction: str
    at: When
    subject: str
    sender: str
    people: list[str]
    status: str
    send_id: str | None
    opens: int
    clicks: int
    detail: dict[str, JsonValue]


class Timeline(Shown):
    """A page of a timeline."""

    results: list[TimelineEntry]
    paging: Paging | None = None


@operations.on(
    "GET",
    "/api/v1/contacts/{contactId}/timeline",
    scopes=READ,
    gives=Timeline,
    query=[Parameter(name="limit", kind="integer"), Parameter(name="after")],
)
async def read_timeline(call: Call) -> Timeline:
    """Shows what happened with a contact, newest first."""
    limit = call.query.limit(default=20, most=100)
    place = call.query.after("t")
    after = None if place is None else str(place[0])
    entries = await call.db.read(_timeline, call.account_id, crm.ContactId(call.number("contactId")), after, limit + 1)
    if entries is None:
        raise errors.not_found()
    return Timeline(
        results=[_entry(activity) for activity in entries[:limit]],
        paging=call.next_page(entries[limit - 1].id) if len(entries) > limit else None,
    )


def _wish(call: Call) -> Wish:
    return wish(call.query.texts("properties"), call.query.texts("propertiesWithHistory"))


def _written(verdict: crm.Verdict) -> dict[str, JsonValue]:
    if isinstance(verdict, crm.Written):
        return show_written(verdict.contact)
    raise fault_of(verdict)


def _next(call: Call, after: str) -> JsonValue:
    """The next page begins after a plain id, as HubSpot's does: some clients count from ``after=0``."""
    kept = [pair for pair in call.query.pairs() if pair[0] != "after"]
    link = f"{call.services.public_url}{call.url_path}?{urlencode([*kept, ('after', after)])}"
    return {"next": {"after": after, "link": link}}


def _list(conn: database.Connection, account_id: int, after: int, limit: int, archived: bool, asked: Wish) -> Looks:
    found = (crm.list_archived_contacts if archived else crm.list_contacts)(conn, account_id, after, limit)
    return look(conn, account_id, found, asked)


def _timeline(
    conn: database.Connection, account_id: int, contact_id: crm.ContactId, after: str | None, limit: int
) -> list[crm.Activity] | None:
    if crm.find_contacts(conn, account_id, [contact_id]) == [None]:
        return None
    return crm.timeline(conn, account_id, contact_id, after, limit)


def _entry(activity: crm.Activity) -> TimelineEntry:
    return TimelineEntry(
        id=activity.id,
        kind=activity.kind,
        direction=activity.direction,
        at=activity.at,
        subject=activity.subject,
        sender=activity.sender,
        people=list(activity.people),
        status=activity.status,
        send_id=activity.send_id,
        opens=activity.opens,
        clicks=activity.clicks,
        detail=dict(activity.detail),
    )
