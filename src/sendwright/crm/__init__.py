"""The CRM: contacts, what is known about them, and what happened with them.

A contact is one per address and account, however many come for it at once. Its properties are texts; each change leaves
its past behind. An activity is an entry on timelines: a mail that was sent, and what became of it.

It never knows how mail travels, and it never holds the values of a mail's custom properties. All functions are plain
functions of a connection: ``await db.write(crm.find_or_create_contacts, wanted, now)``. Start in ``contacts.py``.
"""

from sendwright.crm.activities import note_activities, timeline, update_activities
from sendwright.crm.contacts import (
    archive_contacts,
    create_contacts,
    find_archived_contacts,
    find_contacts,
    find_or_create_contacts,
    list_archived_contacts,
    list_contacts,
    past_values,
    update_contacts,
    upsert_contacts,
)
from sendwright.crm.model import (
    Activity,
    ActivityKind,
    ActivityStatus,
    ActivityUpdate,
    Change,
    Contact,
    ContactId,
    Direction,
    Filter,
    Found,
    Missing,
    Operator,
    PastValue,
    Problem,
    Refused,
    Search,
    Sort,
    Taken,
    Verdict,
    Wanted,
    Written,
)
from sendwright.crm.rules import is_name
from sendwright.crm.search import MAX_FOUND, search_contacts

__all__ = [
    "MAX_FOUND",
    "Activity",
    "ActivityKind",
    "ActivityStatus",
    "ActivityUpdate",
    "Change",
    "Contact",
    "ContactId",
    "Direction",
    "Filter",
    "Found",
    "Missing",
    "Operator",
    "PastValue",
    "Problem",
    "Refused",
    "Search",
    "Sort",
    "Taken",
    "Verdict",
    "Wanted",
    "Written",
    "archive_contacts",
    "create_contacts",
    "find_archived_contacts",
    "find_contacts",
    "find_or_create_contacts",
    "is_name",
    "list_archived_contacts",
    "list_contacts",
    "note_activities",
    "past_values",
    "search_contacts",
    "timeline",
    "update_activities",
    "update_contacts",
    "upsert_contacts",
]
