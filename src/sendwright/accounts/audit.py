"""The audit log: every change of state in this room says who made it."""

from __future__ import annotations

from datetime import datetime

from sendwright import database
from sendwright.accounts import store
from sendwright.accounts.model import AccountId, AuditEntry


def note(conn: database.Connection, account_id: int, who: str, what: str, now: datetime, **details: str) -> None:
    """Adds an entry in the same transaction as the change that it tells of."""
    entry = AuditEntry(
        account_id=AccountId(account_id), id=database.uuid7(now), at=now, who=who, what=what, details=details
    )
    store.insert_audit_entry(conn, entry)


def list_audit_entries(conn: database.Connection, account_id: int, limit: int = 100) -> list[AuditEntry]:
    """The newest ``limit`` entries, newest first."""
    return store.select_audit_entries(conn, account_id, limit)
