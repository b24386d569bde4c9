"""Contacts by the hundred. Each input stands or falls alone: 207 when some fell, with the reason for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import Field, JsonValue

from sendwright import crm
from sendwright.doors.http.contact_shapes import (
    ARCHIVED,
    READ,
    SOURCE,
    WRITE,
    ContactObject,
    NewContact,
    Value,
    fault_of,
    find,
    read_key,
    refuse_associations,
    show,
    show_written,
    wish,
)
from sendwright.doors.http.contacts import also
from sendwright.doors.http.errors import Fault
from sendwright.doors.http.operations import Answer, Call, Operations
from sendwright.doors.http.shapes import Shown, Taken, When, batch_times

operations = Operations("Contacts, in batches")

_BATCH: Final = "/crm/v3/objects/contacts/batch"
_MOST: Final = 100
_MISSING: Final = "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid."


class ContactRef(Taken):
    """A contact by its id (or by what ``idProperty`` names)."""

    id: Value


class ContactEdit(Taken):
    """Properties to write to one contact."""

    id: Value
    properties: dict[str, Value]
    id_property: str | None = None
    object_write_trace_id: str | None = None


class NewContacts(Taken):
    """Contacts to be made."""

    inputs: Annotated[list[NewContact], Field(max_length=_MOST)]


class ContactEdits(Taken):
    """Changes of contacts."""

    inputs: Annotated[list[ContactEdit], Field(max_length=_MOST)]


class ContactRefs(Taken):
    """Contacts by id."""

    inputs: Annotated[list[ContactRef], Field(max_length=_MOST)]


class ContactsWanted(ContactRefs):
    """Contacts to read, and which of their properties."""

    properties: list[str] | None = None
    properties_with_history: list[str] | None = None
    id_property: str | None = None


class BatchError(Shown):
    """Why some inputs failed."""

    status: str
    category: str
    message: str
    context: dict[str, list[str]]
    links: dict[str, str]
    errors: list[dict[str, JsonValue]]


class ContactBatch(Shown):
    """What became of a batch. ``numErrors`` and ``errors`` come with 207."""

    status: str
    started_at: When
    completed_at: When
    results: list[ContactObject]
    num_errors: int | None = None
    errors: list[BatchError] | None = None


@operations.on(
    "POST", f"{_BATCH}/create", also=also(f"{_BATCH}/create"), scopes=WRITE, success=201, takes=NewContacts,
    gives=ContactBatch, partly=True,
)  # fmt: skip
async def create_contacts(call: Call, body: NewContacts) -> Answer:
    """Creates up to 100 contacts."""
    for one in body.inputs:
        refuse_associations(one)
    given = [one.properties for one in body.inputs]
    verdicts = await call.db.write(crm.create_contacts, call.account_id, given, SOURCE, call.now)
    return _answer(call, 201, body.inputs, verdicts)


@operations.on(
    "POST",
    f"{_BATCH}/update",
    also=also(f"{_BATCH}/update"),
    scopes=WRITE,
    takes=ContactEdits,
    gives=ContactBatch,
    partly=True,
)
async def update_contacts(call: Call, body: ContactEdits) -> Answer:
    """Writes properties of up to 100 contacts."""
    verdicts = await call.db.write(crm.update_contacts, call.account_id, _changes(body), SOURCE, call.now)
    return _answer(call, 200, body.inputs, verdicts)


@operations.on(
    "POST",
    f"{_BATCH}/upsert",
    also=also(f"{_BATCH}/upsert"),
    scopes=WRITE,
    takes=ContactEdits,
    gives=ContactBatch,
    partly=True,
)
async def upsert_contacts(call: Call, body: ContactEdits) -> Answer:
    """Writes properties of up to 100 contacts, and makes those that are named by an address and not there."""
    verdicts = await call.db.write(crm.upsert_contacts, call.account_id, _changes(body), SOURCE, call.now)
    return _answer(call, 200, body.inputs, verdicts, say_if_new=True)


@operations.on(
    "POST", f"{_BATCH}/read", also=also(f"{_BATCH}/read"), scopes=READ, takes=ContactsWanted, gives=ContactBatch,
    partly=True, query=[ARCHIVED],
)  # fmt: skip
async def read_contacts(call: Call, body: ContactsWanted) -> Answer:
    """Reads up to 100 contacts."""
    asked = wish(body.properties or (), body.properties_with_history or ())
    ids = list(dict.fromkeys(one.id for one in body.inputs))
    keys = [read_key(id_, body.id_property) or crm.ContactId(0) for id_ in ids]
    looks = await call.db.read(find, call.account_id, keys, bool(call.query.flag("archived")), asked)
    missing = [id_ for id_, contact in zip(ids, looks.contacts, strict=True) if contact is None]
    failed = [_error(Fault(404, "OBJECT_NOT_FOUND", _MISSING), {"ids": missing})] if missing else []
    return _batch(call, 200, show(looks, asked), failed)


@operations.on(
    "POST", f"{_BATCH}/archive", also=also(f"{_BATCH}/archive"), scopes=WRITE, success=204, takes=ContactRefs
)
async def archive_contacts(call: Call, body: ContactRefs) -> None:
    """Archives up to 100 contacts. Those that are not there are passed over."""
    keys = [read_key(one.id, None) for one in body.inputs]
    ids = [key for key in keys if isinstance(key, int)]
    await call.db.write(crm.archive_contacts, call.account_id, ids, call.now)


def _changes(body: ContactEdits) -> list[crm.Change]:
    """Contact 0 is nobody: so is who is named by what cannot be a name."""
    return [
        crm.Change(key=read_key(one.id, one.id_property) or crm.ContactId(0), properties=one.properties)
        for one in body.inputs
    ]


def _answer(
    call: Call,
    success: int,
    inputs: Sequence[NewContact | ContactEdit],
    verdicts: Sequence[crm.Verdict],
    *,
    say_if_new: bool = False,
) -> Answer:
    results, failed = list[dict[str, JsonValue]](), list[JsonValue]()
    for index, (one, verdict) in enumerate(zip(inputs, verdicts, strict=True)):
        trace = one.object_write_trace_id
        if isinstance(verdict, crm.Written):
            new = {"new": verdict.new} if say_if_new else {}
            results.append(show_written(verdict.contact) | new | ({"objectWriteTraceId": trace} if trace else {}))
        else:
            context = {"index": [str(index)]} | ({"objectWriteTraceId": [trace]} if trace else {})
            if isinstance(one, ContactEdit):
                context["ids"] = [one.id]
            failed.append(_error(fault_of(verdict), context))
    return _batch(call, success, results, failed)


def _batch(call: Call, success: int, results: Sequence[dict[str, JsonValue]], failed: Sequence[JsonValue]) -> Answer:
    body: dict[str, JsonValue] = {**batch_times(call.now, call.services.clock.now()), "results": list(results)}
    if failed:
        body |= {"numErrors": len(failed), "errors": list(failed)}
    return Answer(status=207 if failed else success, body=body)


def _error(fault: Fault, context: dict[str, list[str]]) -> JsonValue:
    return {
        "status": "error",
        "category": fault.category,
        "message": fault.message,
        "context": {name: list[JsonValue](values) for name, values in context.items()},
        "links": {},
        "errors": [detail.to_json() for detail in fault.details],
    }
