"""Contacts as the API shows and takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from pydantic import BeforeValidator, JsonValue

from sendwright import crm, database, mail
from sendwright.doors.http import errors
from sendwright.doors.http.operations import Parameter
from sendwright.doors.http.shapes import Paging, Shown, Taken, When, iso

READ: Final = ("crm.objects.contacts.read",)
WRITE: Final = ("crm.objects.contacts.write",)
SOURCE: Final = "api"  # who wrote a value, in the history of properties

_ALWAYS: Final = ("createdate", "hs_object_id", "lastmodifieddate")
_UNLESS_ASKED: Final = ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname")
_MOST_NAMES: Final = 500

SHOWN_PROPERTIES: Final = (
    Parameter(name="properties", repeated=True, about="Properties to show. Those without a value are null."),
    Parameter(name="propertiesWithHistory", repeated=True, about="Properties to show with their past values."),
)
ARCHIVED: Final = Parameter(name="archived", kind="boolean", about="Look among the archived contacts.")
ID_PROPERTY: Final = Parameter(name="idProperty", about="What the id is: hs_object_id (default) or email.")


def _as_text(value: object) -> object:
    """Properties are texts; a number, a boolean and null are written as HubSpot writes them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Value = Annotated[str, BeforeValidator(_as_text)]
"""The value of a property."""


class Association(Taken):
    """A link to another record. There are none to link to yet."""


class NewContact(Taken):
    """A contact to be made."""

    properties: dict[str, Value]
    associations: list[Association] | None = None
    object_write_trace_id: str | None = None


class ContactChange(Taken):
    """Properties to write. An empty value clears."""

    properties: dict[str, Value]


class PastValue(Shown):
    """What a property was from a time on."""

    value: str
    timestamp: When
    source_type: str


class ContactObject(Shown):
    """A contact."""

    nulls: ClassVar[frozenset[str]] = frozenset({"properties"})

    id: str
    properties: dict[str, str | None]
    created_at: When
    updated_at: When
    archived: bool
    archived_at: When | None = None
    properties_with_history: dict[str, list[PastValue]] | None = None


class ContactPage(Shown):
    """A page of contacts."""

    results: list[ContactObject]
    paging: Paging | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which properties an answer shows."""

    names: tuple[str, ...] = ()
    with_past: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Contacts, and the past values that were asked for."""

    contacts: Sequence[crm.Contact | None]
    past: Mapping[crm.ContactId, Mapping[str, Sequence[crm.PastValue]]]


def wish(names: Iterable[str], with_past: Iterable[str] = ()) -> Wish:
    """What is asked for. Names are matched in lower case; one that cannot be a property is passed over."""
    return Wish(names=_names(names), with_past=_names(with_past))


def _names(given: Iterable[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(name.lower() for name in given if crm.is_name(name.lower())))
    if len(found) > _MOST_NAMES:
        raise errors.invalid_field("properties", f"names more than {_MOST_NAMES} properties: ask for fewer")
    return found


def look(conn: database.Connection, account_id: int, contacts: Sequence[crm.Contact | None], asked: Wish) -> Looks:
    """Adds the past values that were asked for."""
    ids = [contact.id for contact in contacts if contact is not None]
    return Looks(contacts=contacts, past=crm.past_values(conn, account_id, ids, asked.with_past))


def find(
    conn: database.Connection,
    account_id: int,
    keys: Sequence[crm.ContactId | mail.Address],
    archived: bool,
    asked: Wish,
) -> Looks:
    """The contacts of these keys, in order. An archived contact is found by its id only: its address is free."""
    if archived:
        ids = [crm.ContactId(0) if isinstance(key, mail.Address) else key for key in keys]
        return look(conn, account_id, crm.find_archived_contacts(conn, account_id, ids), asked)
    return look(conn, account_id, crm.find_contacts(conn, account_id, keys), asked)


def show(looks: Looks, asked: Wish) -> list[dict[str, JsonValue]]:
    """The contacts that are there, with the properties that were asked for, null where they are empty."""
    names = (*(asked.names or (() if asked.with_past else _UNLESS_ASKED)), *_ALWAYS, *asked.with_past)
    shown = []
    for contact in looks.contacts:
        if contact is not None:
            every = contact.every_property()
            one = _object(contact, {name: every.get(name) for name in names})
            if asked.with_past:
                one["propertiesWithHistory"] = {n: _past(looks.past[contact.id][n]) for n in asked.with_past}
            shown.append(one)
    return shown


def show_written(contact: crm.Contact) -> dict[str, JsonValue]:
    """A contact that was just written, with all its properties."""
    return _object(contact, {**contact.every_property()})


def read_key(text: str, id_property: str | None) -> crm.ContactId | mail.Address | None:
    """Which contact a client means; None when nobody can be meant. 400 when the property does not name one."""
    if id_property in (None, "", "hs_object_id"):
        numeric = text.isascii() and text.isdigit() and len(text) <= 18
        return crm.ContactId(int(text)) if numeric else None
    if str(id_property).lower() != "email":
        raise errors.invalid_field("idProperty", "must be hs_object_id or email: no other property names one contact")
    address = mail.parse_address(text)
    return address if isinstance(address, mail.Address) else None


def fault_of(verdict: crm.Refused | crm.Taken | crm.Missing) -> errors.Fault:
    """Why a contact was not written, in HubSpot's words."""
    match verdict:
        case crm.Missing():
            return errors.not_found()
        case crm.Taken():
            return errors.taken(f"Contact already exists. Existing ID: {verdict.by}")
        case crm.Refused():
            details = [errors.Detail(message=p.message, where=p.name, code=p.code) for p in verdict.problems]
            shown = "; ".join(f"{detail.where}: {detail.message}" for detail in details[:3])
            return errors.invalid(f"Property values were not valid: {shown}", *details)


def refuse_associations(given: NewContact) -> None:
    """A link that is silently not made would be missed much later."""
    if given.associations:
        raise errors.invalid_field("associations", "there are no other records to link to yet: leave it out")


def _object(contact: crm.Contact, properties: dict[str, JsonValue]) -> dict[str, JsonValue]:
    shown: dict[str, JsonValue] = {
        "id": str(contact.id),
        "properties": properties,
        "createdAt": iso(contact.created_at),
        "updatedAt": iso(contact.updated_at),
        "archived": contact.archived_at is not None,
    }
    if contact.archived_at is not None:
        shown["archivedAt"] = iso(contact.archived_at)
    return shown


def _past(values: Sequence[crm.PastValue]) -> JsonValue:
    return [{"value": past.value, "timestamp": iso(past.at), "sourceType": past.source.upper()} for past in values]
