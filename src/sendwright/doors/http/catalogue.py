"""The list of all tables of operations. A new door module adds its table here."""

from __future__ import annotations

from sendwright.doors.http import (
    contact_batches,
    contact_search,
    contacts,
    domains,
    egresses,
    email_events,
    marketing_emails,
    own_emails,
    own_queue,
    own_sandbox,
    own_sends,
    single_send,
    smtp_tokens,
    suppressions,
)
from sendwright.doors.http.operations import Operation, Operations

TABLES: tuple[Operations, ...] = (
    single_send.operations,
    smtp_tokens.operations,
    contacts.operations,
    contact_batches.operations,
    contact_search.operations,
    email_events.operations,
    marketing_emails.operations,
    own_emails.operations,
    own_sends.operations,
    own_queue.operations,
    own_sandbox.operations,
    domains.operations,
    egresses.operations,
    suppressions.operations,
)


def all_operations() -> list[Operation]:
    """Every operation of the API. Raises ``ValueError`` when two share an id."""
    found = [operation for table in TABLES for operation in table.found]
    ids = [operation.id for operation in found]
    twice = {each for each in ids if ids.count(each) > 1}
    if twice:
        raise ValueError(f"operation ids used twice: {', '.join(sorted(twice))}")
    return found
