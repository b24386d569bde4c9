"""Deliveries that wait: made by the room's own steps, as many as a test wants."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sendwright import database, ledger
from tests.ledger import cast
from tests.ledger.cast import LEASE


async def waiting(
    db: database.Database,
    now: datetime,
    *,
    account_id: int = 1,
    domain: str = "example.org",
    egress: str = "",
    due: datetime | None = None,
    terms: ledger.Terms = ledger.USUAL,
) -> ledger.NewDelivery:
    """One more delivery that waits, due at once unless said otherwise."""
    await db.write(ledger.accept, [replace(cast.new_send(now, account_id=account_id), terms=terms)])
    (send,) = await db.write(ledger.claim_sends, "maker", LEASE, 100, now)
    made = cast.composed(send, now)
    new = replace(made.deliveries[0], domain=domain, egress=egress, due=due or now)
    await db.write(ledger.compose, [replace(made, deliveries=(new,))], 120_000)
    return new


async def claim(
    db: database.Database, now: datetime, limit: int = 10, barred: ledger.Barred | None = None, after: str = ""
) -> ledger.Turn:
    """What a worker takes."""
    return await db.write(ledger.claim_turn, "w1", LEASE, limit, now, barred or ledger.Barred(), after)


async def shown(db: database.Database, new: ledger.NewDelivery, now: datetime, account_id: int = 1) -> ledger.Waiting:
    """As the queue shows it."""
    found = await db.read(ledger.find_delivery, account_id, new.id, now)
    assert found is not None
    return found


def settled(delivery: ledger.Delivery, outcome: ledger.Outcome, now: datetime, **more: object) -> ledger.Settlement:
    """An outcome; temporary ones are due at once."""
    due = now if outcome in (ledger.Outcome.DEFERRED, ledger.Outcome.IN_DOUBT) else None
    return replace(cast.settlement(delivery, outcome, now, due=due), **more)  # type: ignore[arg-type]
