"""Accepting a single send, and looking one up."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sendwright import database, ledger, mail
from sendwright.failpoints import failpoint
from sendwright.single_send.request import APP_ID, STREAM, SendRequest, StatusView, encode, keys_of, status_view

_LONGEST_SHOWN = 320


async def accept(
    db: database.Database, account_id: int, token_id: str | None, request: SendRequest, now: datetime
) -> StatusView:
    """Makes the request durable and answers with its status. Nothing is looked up; nothing is answered before the disk.

    Raises ``database.Unavailable`` when it could not be written: then it was not accepted.
    """
    payload, keys = encode(request), keys_of(request)
    new = ledger.NewSend(
        account_id=account_id,
        id=ledger.SendId(database.uuid7(now)),
        requested_at=now,
        stream=STREAM,
        email_id=request.email_id,
        app_id=APP_ID,
        token_id=token_id,
        recipient=_recipient(request.to),
        payload=payload,
        payload_hash=hashlib.sha256(payload).hexdigest() if keys else "",
        keys=keys,
        terms=request.terms,
    )
    failpoint("H1")
    accepted = await db.write_together(ledger.accept, new)
    failpoint("H2")
    return status_view(accepted)


async def find_status(db: database.Database, account_id: int, status_id: str) -> StatusView | None:
    """The status of one send of the account."""
    send = await db.read(ledger.find_send, account_id, status_id)
    return None if send is None else status_view(send)


def _recipient(text: str) -> str:
    """How a recipient is looked for: as people's addresses are compared, or as it came where it is none."""
    box = mail.parse_mailbox(text)
    return text[:_LONGEST_SHOWN] if isinstance(box, mail.Malformed) else box.address.key
