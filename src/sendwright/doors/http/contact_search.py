"""Search in contacts: HubSpot's filters, words, sorts and pages."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, Field, JsonValue

from sendwright import crm, database
from sendwright.doors.http import errors
from sendwright.doors.http.contact_shapes import READ, ContactPage, Looks, Value, look, show, wish
from sendwright.doors.http.contacts import also
from sendwright.doors.http.operations import Call, Meter, Operations
from sendwright.doors.http.shapes import Taken

operations = Operations("Contacts, search")

_SEARCH: Final = "/crm/v3/objects/contacts/search"
_MOST_GROUPS: Final = 6
_MOST_FILTERS: Final = 25  # of all groups together
_MOST_SORTS: Final = 3

Text = Annotated[Value, Field(max_length=3_000)]


class FilterTaken(Taken):
    """One condition."""

    property_name: str
    operator: crm.Operator
    value: Text | None = None
    high_value: Text | None = None
    values: Annotated[list[Text], Field(max_length=100)] | None = None


class FilterGroup(Taken):
    """Conditions that must all hold."""

    filters: Annotated[list[FilterTaken], Field(max_length=_MOST_FILTERS)] | None = None


class SortTaken(Taken):
    """The order of the results."""

    property_name: str
    direction: str = "ASCENDING"


def _as_sort(value: object) -> object:
    """``-createdate`` is the short form."""
    if not isinstance(value, str):
        return value
    return {"propertyName": value.removeprefix("-"), "direction": "DESCENDING" if value[:1] == "-" else "ASCENDING"}


class SearchTaken(Taken):
    """What is looked for: the filters of any group, and all words of ``query``."""

    filter_groups: Annotated[list[FilterGroup], Field(max_length=_MOST_GROUPS)] | None = None
    filters: Annotated[list[FilterTaken], Field(max_length=_MOST_FILTERS)] | None = None
    query: Text | None = None
    sorts: Annotated[list[Annotated[SortTaken, BeforeValidator(_as_sort)]], Field(max_length=_MOST_SORTS)] | None = None
    properties: list[str] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] | None = None
    after: Value | None = None


class SearchPage(ContactPage):
    """A page of what was found."""

    total: int


@operations.on(
    "POST", _SEARCH, also=also(_SEARCH), scopes=READ, takes=SearchTaken, gives=SearchPage, meter=Meter.SEARCHES
)
async def search_contacts(call: Call, body: SearchTaken) -> dict[str, JsonValue]:
    """Searches contacts."""
    search, asked = _search(body), wish(body.properties or ())
    found, looks = await call.db.read(_found, call.account_id, search)
    page: dict[str, JsonValue] = {"total": found.total, "results": list(show(looks, asked))}
    following = search.offset + len(found.contacts)
    if found.contacts and following < min(found.total, crm.MAX_FOUND):
        page["paging"] = {"next": {"after": str(following)}}
    return page


def _found(conn: database.Connection, account_id: int, search: crm.Search) -> tuple[crm.Found, Looks]:
    found = crm.search_contacts(conn, account_id, search)
    return found, look(conn, account_id, found.contacts, wish(()))


def _search(body: SearchTaken) -> crm.Search:
    groups = [*(group.filters for group in body.filter_groups or ()), body.filters]
    filled = [filters for filters in groups if filters]
    if sum(map(len, filled)) > _MOST_FILTERS:
        raise errors.invalid_field("filterGroups", f"holds more than {_MOST_FILTERS} filters in all: search in steps")
    limit = body.limit or 10
    offset = _offset(body.after or "0")
    return crm.Search(
        groups=tuple(tuple(map(_filter, filters)) for filters in filled),
        query=body.query or "",
        sorts=tuple(map(_sort, body.sorts or ())),
        offset=offset,
        limit=min(limit, crm.MAX_FOUND - offset),
    )


def _offset(after: str) -> int:
    if not (after.isascii() and after.isdigit() and len(after) <= 9):
        raise errors.invalid_field("after", "is not a place in this list: use the value of paging.next.after")
    if int(after) >= crm.MAX_FOUND:
        raise errors.invalid_field("after", f"a search shows {crm.MAX_FOUND:,} results: narrow it with filters")
    return int(after)


def _filter(taken: FilterTaken) -> crm.Filter:
    name = _name(taken.property_name)
    try:
        return crm.Filter(name=name, operator=taken.operator, values=_values(taken))
    except ValueError as fault:
        raise errors.invalid_field(f"filterGroups.{name}", f"{taken.operator} {_needs(taken.operator)}") from fault


def _values(taken: FilterTaken) -> tuple[str, ...]:
    one = () if taken.value is None else (taken.value,)
    match taken.operator:
        case crm.Operator.HAS_PROPERTY | crm.Operator.NOT_HAS_PROPERTY:
            return ()
        case crm.Operator.IN | crm.Operator.NOT_IN:
            return tuple(taken.values or one)
        case crm.Operator.BETWEEN if taken.high_value is not None:
            return (*one, taken.high_value)
        case _:
            return one


def _needs(operator: crm.Operator) -> str:
    if operator in (crm.Operator.IN, crm.Operator.NOT_IN):
        return "needs values: a list of at least one"
    return "needs value and highValue" if operator is crm.Operator.BETWEEN else "needs value"


def _sort(taken: SortTaken) -> crm.Sort:
    if taken.direction not in ("ASCENDING", "DESCENDING"):
        raise errors.invalid_field("sorts.direction", "must be ASCENDING or DESCENDING")
    return crm.Sort(name=_name(taken.property_name), descending=taken.direction == "DESCENDING")


def _name(given: str) -> str:
    if not crm.is_name(given.lower()):
        raise errors.invalid_field(
            "propertyName", "names are letters, digits and _, up to 100", "PROPERTY_DOESNT_EXIST"
        )
    return given.lower()
