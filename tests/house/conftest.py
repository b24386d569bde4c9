"""A day of a shop, and every statement that it made the databases run."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from sendwright import attempt, crm, database, engage, feedback, ledger, single_send, smtp, views
from sendwright.outbound.model import Answered
from tests.stories.shop import LEASE, OWNER, FakePost, Shop, desk, open_shop

TAKEN = Answered(stage=smtp.Stage.FINAL, reply=smtp.Reply(code=250, enhanced="2.0.0", lines=("2.0.0 kept",)))
NOT_NOW = Answered(stage=smtp.Stage.FINAL, reply=smtp.Reply(code=451, enhanced="4.3.0", lines=("4.3.0 not now",)))
NOBODY = Answered(stage=smtp.Stage.RCPT, reply=smtp.Reply(code=550, enhanced="5.1.1", lines=("5.1.1 nobody",)))


@dataclass(frozen=True)
class Said:
    """One statement as a database got it, with the parameters of its first run."""

    text: str
    parameters: Any


@contextmanager
def listening() -> Iterator[dict[str, Said]]:
    """All statements meanwhile, each text once."""
    heard: dict[str, Said] = {}

    def hear(_conn: Any, _cursor: Any, text: str, parameters: Any, _context: Any, many: bool) -> None:
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", text):
            heard.setdefault(text, Said(text, parameters[0] if many else parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


@dataclass(frozen=True)
class Day:
    """What was said on the hot path, and the SQLite file where it was said (None on PostgreSQL)."""

    said: Sequence[Said]
    file: Path | None

    def plan(self, statement: Said) -> list[str]:
        """How SQLite goes about it."""
        assert self.file is not None
        with sqlite3.connect(self.file) as connection:
            rows = connection.execute(f"EXPLAIN QUERY PLAN {statement.text}", statement.parameters).fetchall()
        connection.close()
        return [row[3] for row in rows]


async def live_a_day(shop: Shop) -> None:
    """Everything that happens once or more for each mail, opening, poll and page of a list."""
    await _send(shop, TAKEN, send_id="order-1", idempotency_key="k-1", cc=("bob@example.org",))
    await _send(shop, NOBODY, to="nobody.here@example.org", retry_count=0)
    await _send(shop, NOT_NOW, to="cat@example.org", contact_properties={"firstname": "Cat", "city": "Ulm"})
    await shop.ask(send_id="order-1")
    await shop.ask(retry_count=1)
    await shop.ask(to="no address")
    await shop.compose()
    shop.clock.advance(hours=2)
    for ready in await single_send.compose_again(shop.workshop, await shop.claim_deliveries()):
        await attempt.attempt(desk(shop, FakePost(TAKEN, shop.clock)), *ready)
    held, _ = await shop.send(to="dan@example.org")
    await _upkeep(shop, held)
    await _look(shop)


async def _send(shop: Shop, outcome: Answered, **changes: Any) -> None:
    await shop.ask(**changes)
    for delivery, parcel in await shop.compose():
        post = FakePost(outcome, shop.clock, asks=outcome is not NOBODY)
        await attempt.attempt(desk(shop, post), delivery, parcel)


async def _upkeep(shop: Shop, held: ledger.Delivery) -> None:
    """What a worker does by the clock."""
    await shop.ask()
    composing = [(send.account_id, send.id) for send in await shop.claim()]
    await shop.db.write(ledger.renew, OWNER, LEASE, composing, [(held.account_id, held.id)])
    await attempt.put_off(desk(shop, FakePost(TAKEN, shop.clock)), held, shop.clock.now(), "No room.")
    turn = await shop.db.write(ledger.claim_turn, OWNER, LEASE, 10, shop.clock.now(), ledger.Barred())
    for taken in turn.taken:
        await shop.db.write(ledger.put_off, taken, shop.clock.now(), "No room.")
    await shop.db.write(ledger.let_go_resumed, await shop.db.read(ledger.holds_resumed, []), 10)
    await shop.db.write(ledger.recover_expired, shop.clock.now(), LEASE)
    await shop.db.write(ledger.recover_owned, OWNER, shop.clock.now(), LEASE)


async def _look(shop: Shop) -> None:
    """What readers, callers and screens ask."""
    account, now = shop.account_id, shop.clock.now()
    newest = await shop.db.read(
        lambda conn: ledger.find_sends(conn, account, ledger.SendFilter(), before=None, limit=20)
    )
    send = next(send for send in newest if send.contact_id is not None)
    visit = engage.Visit(account_id=account, send_id=send.id, at=now, user_agent="x", ip="192.0.2.1", method="GET")
    await shop.db.write(engage.note_visits, [visit])
    await shop.db.write(engage.complained, account, send.id, send.recipient, now)
    await single_send.find_status(shop.db, account, send.id)
    await shop.db.read(views.send_page, account, send.id)
    await shop.db.read(views.web_version, account, send.id, now)
    await shop.db.read(crm.timeline, account, crm.ContactId(send.contact_id or 0), None, 20)
    await shop.db.read(lambda conn: feedback.list_suppressions(conn, account, after=None, limit=20))
    await shop.db.read(lambda conn: _lists(conn, account, send))


def _lists(conn: database.Connection, account: int, send: ledger.Send) -> None:
    by_recipient = ledger.SendFilter(recipient=send.recipient)
    ledger.find_sends(conn, account, by_recipient, before=send.id, limit=20)
    for wanted in (ledger.EventFilter(), ledger.EventFilter(recipient=send.recipient)):
        for found in ledger.find_events(conn, account, wanted, before=None, limit=20):
            ledger.find_event(conn, account, found.id)


@pytest.fixture
async def shop(db: database.Database, now: datetime) -> Shop:
    """An account that can send."""
    return await open_shop(db, now)


@pytest.fixture
async def day(shop: Shop) -> Day:
    """A day, on each kind of database. What founding the shop said is not of the day."""
    with listening() as heard:
        await live_a_day(shop)
    return Day(list(heard.values()), shop.db.target.file)
