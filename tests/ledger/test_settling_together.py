"""Two recipients of one send, settled at the same moment by two writers that cannot see each other's work yet."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime

import pytest
from sqlalchemy import Connection, select

from sendwright import database, ledger
from sendwright.ledger.tables import payloads
from tests.ledger import cast
from tests.ledger.cast import LEASE

pytestmark = pytest.mark.anyio

_PATIENCE = 0.3  # seconds that the first writer leaves the second one before it commits


async def _settle_overlapping(db: database.Database, first: ledger.Settlement, second: ledger.Settlement) -> None:
    began, done = threading.Event(), threading.Event()

    def settle_and_linger(conn: Connection) -> None:
        ledger.settle(conn, [first])
        began.set()
        done.wait(_PATIENCE)

    def settle(conn: Connection) -> None:
        ledger.settle(conn, [second])
        done.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(db.write(settle_and_linger))
        await asyncio.to_thread(began.wait)
        group.create_task(db.write(settle))


async def test_a_send_ends_though_its_last_two_recipients_are_settled_at_once(
    db: database.Database, now: datetime
) -> None:
    await db.write(ledger.accept, [cast.new_send(now)])
    (send,) = await db.write(ledger.claim_sends, "w1", LEASE, 1, now)
    item = cast.composed(send, now, recipients=2)
    await db.write(ledger.compose, [item], 120_000)
    to, cc = (cast.settlement(cast.held(send, new), ledger.Outcome.FAILED, now) for new in item.deliveries)
    await _settle_overlapping(db, to, cc)
    ended = await db.read(ledger.find_send, 1, send.id)
    assert ended is not None
    assert ended.state is ledger.SendState.FINAL
    assert await db.read(lambda conn: conn.execute(select(payloads)).all()) == []
