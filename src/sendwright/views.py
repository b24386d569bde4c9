"""Questions that span rooms, for screens and lists. Only SELECTs here: a test holds this module to that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sendwright import crm, database, emails, ledger

_EVENTS_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPage:
    """All that is known about one send."""

    send: ledger.Send
    deliveries: tuple[ledger.DeliveryView, ...]
    attempts: tuple[ledger.Attempt, ...]
    events: tuple[ledger.Event, ...]


def send_page(conn: database.Connection, account_id: int, send_id: str) -> SendPage | None:
    """A send with its recipients, tries and events (oldest first); None if the account has none of this id."""
    send = ledger.find_send(conn, account_id, send_id)
    if send is None:
        return None
    wanted = ledger.EventFilter(send_id=send.id)
    newest_first = ledger.find_events(conn, account_id, wanted, before=None, limit=_EVENTS_SHOWN)
    return SendPage(
        send=send,
        deliveries=tuple(ledger.find_deliveries(conn, account_id, send_id)),
        attempts=tuple(ledger.find_attempts(conn, account_id, send_id)),
        events=tuple(reversed(newest_first)),
    )


def web_version(conn: database.Connection, account_id: int, send_id: str, now: datetime) -> str | None:
    """A sent mail as a page: the e-mail as it is published now, with the contact's own properties and no others."""
    send = ledger.find_send(conn, account_id, send_id)
    if send is None or send.contact_id is None:
        return None
    version = emails.published(conn, account_id, [send.email_id]).get(send.email_id)
    if version is None:
        return None
    (contact,) = crm.find_contacts(conn, account_id, [crm.ContactId(send.contact_id)])
    known = {} if contact is None else contact.every_property()
    values = emails.context(version, now=now, custom={}, contact=known)
    return None if isinstance(values, emails.RenderFault) else emails.render_page(version, values)
