"""Looking at the queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sendwright import database, ledger
from tests.ledger.waiting import claim, waiting

pytestmark = pytest.mark.anyio

LATER = timedelta(minutes=10)


async def test_an_empty_queue_has_no_lines(db: database.Database):
    assert await db.read(ledger.queue_lines, None, 10) == []


async def test_the_queue_is_shown_by_egress_and_site_the_most_first(db: database.Database, now: datetime):
    await waiting(db, now, domain="few.example", egress="own")
    for n in range(3):
        await waiting(db, now + timedelta(seconds=n), domain="many.example", due=now + LATER)
    many, few = await db.read(ledger.queue_lines, 1, 10)
    assert (many.site, many.states, many.oldest, many.next_due) == ("many.example", {"waiting": 3}, now, now + LATER)
    assert (few.egress, few.site) == ("own", "few.example")


async def test_each_account_sees_its_own_queue(db: database.Database, now: datetime):
    await waiting(db, now)
    assert await db.read(ledger.queue_lines, 2, 10) == []


async def test_deliveries_are_listed_page_by_page(db: database.Database, now: datetime):
    made = [await waiting(db, now + timedelta(seconds=n)) for n in range(3)]
    wanted = ledger.Selection(account_id=1)
    first = await db.read(lambda conn: ledger.find_waiting(conn, wanted, now, after=None, limit=2))
    place = (first[-1].account_id, first[-1].id)
    rest = await db.read(lambda conn: ledger.find_waiting(conn, wanted, now, after=place, limit=2))
    assert [each.id for each in (*first, *rest)] == [each.id for each in made]


async def test_listing_goes_on_while_mail_comes_and_goes(db: database.Database, now: datetime):
    made = [await waiting(db, now + timedelta(seconds=n)) for n in range(3)]
    wanted = ledger.Selection()
    first = await db.read(lambda conn: ledger.find_waiting(conn, wanted, now, after=None, limit=1))
    await claim(db, now + LATER)
    place = (first[0].account_id, first[0].id)
    rest = await db.read(lambda conn: ledger.find_waiting(conn, wanted, now, after=place, limit=9))
    assert [each.id for each in rest] == [each.id for each in made[1:]]


async def test_a_paused_delivery_says_why(db: database.Database, now: datetime):
    new = await waiting(db, now)
    pause = ledger.Pause(
        account_id=ledger.EVERYBODY, kind=ledger.PauseKind.DOMAIN, name="example.org", reason="they asked", since=now,
        until=None,
    )  # fmt: skip
    await db.write(ledger.pause, pause)
    found = await db.read(ledger.find_delivery, 1, new.id, now)
    assert found is not None
    assert found.paused == "they asked"
    assert await db.read(ledger.find_pauses, now, 1) == [pause]
    (of_send,) = await db.read(ledger.find_of_send, 1, found.send_id, now)
    assert of_send == found


async def test_workers_are_known_while_they_live(db: database.Database, now: datetime):
    site = ledger.SiteLoad(egress="", site="example.org", connections=1, allowed=2, refused_at=now, resting_until=now)
    load = ledger.WorkerLoad(worker="w1", seen=now, in_flight=1, sites=(site,))
    await db.write(ledger.note_worker, load)
    assert await db.read(ledger.find_workers, now) == [load]
    again = replace(load, worker="w2", seen=now + LATER)
    await db.write(ledger.note_worker, again)
    assert await db.read(ledger.find_workers, now + LATER) == [again]
