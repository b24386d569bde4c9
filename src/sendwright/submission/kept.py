"""A submitted mail, as it came, for as long as it is kept."""

from __future__ import annotations

from datetime import datetime

from sendwright import database, ledger
from sendwright.submission.model import APP_ID, decode


def find_kept(conn: database.Connection, account_id: int, send_id: str, now: datetime) -> bytes | None:
    """The octets that were submitted for this send: while it waits, and then for as long as its sender asked."""
    found = ledger.find_payload(conn, account_id, send_id, now)
    if found is None or found[0] != APP_ID:
        return None
    _, body, pieces = found
    return pieces or decode(body)[1]
