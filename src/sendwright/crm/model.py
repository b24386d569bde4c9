"""What the CRM remembers: records with their properties, and the activities on their timelines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, NewType

from sendwright import mail

ContactId = NewType("ContactId", int)
"""The number of a contact, unique among all records of its account."""

CONTACTS: Final = "contacts"
"""The type of the records that are contacts."""

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person. ``properties`` holds what has a value: lower-case names, text values; it is never changed in place."""

    account_id: int
    id: ContactId
    properties: Mapping[str, str]
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None = None

    @property
    def email(self) -> str | None:
        """The address as it is shown, in lower case."""
        return self.properties.get("email")

    def every_property(self) -> dict[str, str]:
        """A fresh dict of all properties, with those that the house keeps itself (times in ISO 8601, milliseconds)."""
        return {
            **self.properties,
            "hs_object_id": str(self.id),
            "createdate": in_iso(self.created_at),
            "lastmodifieddate": in_iso(self.updated_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Somebody who must be a contact: found by ``address`` or created; ``properties`` are written to the record.

    ``source`` says who wants it, for the history: ``"single_send"``, ``"import"`` …
    """

    account_id: int
    address: mail.Address
    properties: Mapping[str, str] = field(default_factory=dict)
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One asked-for change: which contact, by id or by address, and the properties to write (an empty value clears)."""

    key: ContactId | mail.Address
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why one property cannot be written. ``code`` is HubSpot's word for it; ``message`` is safe to show."""

    name: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The properties cannot be written; nothing of them was."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The e-mail address belongs to another contact already."""

    by: ContactId


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """There is no such contact, or it is archived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The contact as it now is, and whether it was made just now."""

    contact: Contact
    new: bool = False


Verdict = Written | Refused | Taken | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class PastValue:
    """What a property was from ``at`` on; the empty value means that it was cleared."""

    value: str
    at: datetime
    source: str


class Operator(StrEnum):
    """How a filter compares. Those that begin with ``NOT`` or ``NEQ`` hold for records without a value, too."""

    EQ = "EQ"
    NEQ = "NEQ"
    LT = "LT"
    LTE = "LTE"
    GT = "GT"
    GTE = "GTE"
    BETWEEN = "BETWEEN"
    IN = "IN"
    NOT_IN = "NOT_IN"
    HAS_PROPERTY = "HAS_PROPERTY"
    NOT_HAS_PROPERTY = "NOT_HAS_PROPERTY"
    CONTAINS_TOKEN = "CONTAINS_TOKEN"  # noqa: S105 - a word of the search language
    NOT_CONTAINS_TOKEN = "NOT_CONTAINS_TOKEN"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One condition. ``values``: none for ``HAS_PROPERTY``, low and high for ``BETWEEN``, any for ``IN``, else one."""

    name: str
    operator: Operator
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not takes_values(self.operator, len(self.values)):
            raise ValueError(f"{self.operator} does not compare with {len(self.values)} values")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """By which property results are ordered."""

    name: str
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which contacts are looked for: all filters of any group, and every word of ``query`` in a name, address or phone.

    ``offset`` and ``limit`` choose the page; without ``sorts`` the oldest contact comes first.
    """

    groups: tuple[tuple[Filter, ...], ...] = ()
    query: str = ""
    sorts: tuple[Sort, ...] = ()
    offset: int = 0
    limit: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of what was found, and how many there are in all."""

    contacts: tuple[Contact, ...]
    total: int


class ActivityKind(StrEnum):
    """What happened."""

    EMAIL = "email"
    NOTE = "note"


class Direction(StrEnum):
    """Which way a mail went, seen from the account."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"
    FORWARDED = "forwarded"


class ActivityStatus(StrEnum):
    """Where a mail on the timeline stands."""

    SCHEDULED = "scheduled"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
    COMPLAINED = "complained"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """An entry on the timeline of each of ``contact_ids``: one row, whatever the number of records it stands on.

    ``id``: a UUID of version 7 (``database.uuid7``). ``people``: addresses shown beside the subject. ``detail``: what
    else a screen shows, never a custom property's value (TL02).
    """

    account_id: int
    id: str
    kind: ActivityKind
    contact_ids: tuple[ContactId, ...]
    at: datetime
    direction: Direction
    subject: str
    sender: str
    people: tuple[str, ...]
    status: ActivityStatus
    send_id: str | None = None
    opens: int = 0
    clicks: int = 0
    detail: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityUpdate:
    """What became of the mail of ``send_id``: its new status, if any, and how many more opens and clicks."""

    account_id: int
    send_id: str
    status: ActivityStatus | None = None
    opens: int = 0
    clicks: int = 0


def takes_values(operator: Operator, count: int) -> bool:
    """Whether the operator compares with so many values."""
    if operator in (Operator.HAS_PROPERTY, Operator.NOT_HAS_PROPERTY):
        return count == 0
    if operator in (Operator.IN, Operator.NOT_IN):
        return count > 0
    return count == (2 if operator is Operator.BETWEEN else 1)


def in_iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and ``Z``, as date-time properties are written."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
