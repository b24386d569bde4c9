"""The fates of a campaign's mail in numbers, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from sendwright import database, ledger
from sendwright.ledger import EventType, Tally

pytestmark = pytest.mark.anyio

SEND = "0190b5f0-0000-7000-8000-00000000000"
LATER = timedelta(minutes=1)


def event(
    send: int, type_: EventType, now: datetime, *, account_id: int = 1, campaign_id: int | None = 9, **facts: Any
) -> ledger.NewEvent:
    return ledger.NewEvent(
        account_id=account_id, id=database.uuid7(now), type=type_, created=now, send_id=ledger.SendId(f"{SEND}{send}"),
        recipient="ann@example.org", campaign_id=campaign_id, app_id=22709, facts=facts,
    )  # fmt: skip


async def tally(db: database.Database, *events: ledger.NewEvent, **bounds: datetime) -> Tally:
    await db.write(ledger.record, events)
    found = await db.read(lambda conn: ledger.count_events(conn, 1, [9], **bounds))
    return found[9]


async def test_nothing_happened_to_a_campaign_without_events(db: database.Database):
    assert await db.read(lambda conn: ledger.count_events(conn, 1, [9, 10])) == {9: Tally(), 10: Tally()}


async def test_no_campaign_is_counted_in_no_numbers(db: database.Database):
    assert await db.read(lambda conn: ledger.count_events(conn, 1, [])) == {}


async def test_each_fate_has_its_number(db: database.Database, now: datetime):
    types = (
        EventType.PROCESSED, EventType.SENT, EventType.DELIVERED, EventType.SPAMREPORT, EventType.STATUSCHANGE,
        EventType.OPEN, EventType.CLICK,
    )  # fmt: skip
    found = await tally(db, *(event(1, each, now) for each in types), event(2, EventType.DROPPED, now))
    assert found == Tally(
        processed=1, sent=1, delivered=1, dropped=1, complained=1, unsubscribed=1, opened=1, clicked=1,
        opened_on={"": 1}, clicked_on={"": 1},
    )  # fmt: skip


async def test_a_mail_that_was_opened_often_is_opened_once(db: database.Database, now: datetime):
    found = await tally(db, *(event(send, EventType.OPEN, now) for send in (1, 1, 2)))
    assert found.opened == 2


async def test_machines_are_no_readers(db: database.Database, now: datetime):
    found = await tally(
        db, event(1, EventType.OPEN, now, filteredEvent=True, deviceType="COMPUTER"),
        event(1, EventType.CLICK, now, filteredEvent=True), event(2, EventType.OPEN, now, filteredEvent=False),
    )  # fmt: skip
    assert (found.opened, found.clicked, found.opened_on) == (1, 0, {"": 1})


async def test_a_mail_opened_on_two_devices_counts_for_both(db: database.Database, now: datetime):
    found = await tally(
        db, event(1, EventType.OPEN, now, deviceType="COMPUTER"), event(1, EventType.OPEN, now, deviceType="MOBILE"),
        event(2, EventType.OPEN, now, deviceType="MOBILE"), event(2, EventType.CLICK, now, deviceType="MOBILE"),
    )  # fmt: skip
    assert (found.opened, found.opened_on, found.clicked_on) == (2, {"COMPUTER": 1, "MOBILE": 2}, {"MOBILE": 1})


@pytest.mark.parametrize(
    ("category", "hard"), [("UNKNOWN_USER", 1), ("POLICY", 1), ("MAILBOX_FULL", 0), ("TIMEOUT", 0), (None, 0)]
)
async def test_a_bounce_is_hard_or_soft_by_its_category(
    db: database.Database, now: datetime, category: str | None, hard: int
):
    facts = {} if category is None else {"category": category}
    found = await tally(db, event(1, EventType.BOUNCE, now, **facts))
    assert (found.hard_bounced, found.soft_bounced) == (hard, 1 - hard)


async def test_other_campaigns_and_other_accounts_are_not_counted(db: database.Database, now: datetime):
    strangers = [event(1, EventType.SENT, now, **where) for where in ({"account_id": 2}, {"campaign_id": 10})]
    assert await tally(db, *strangers, event(2, EventType.SENT, now, campaign_id=None)) == Tally()


async def test_several_campaigns_are_counted_apart(db: database.Database, now: datetime):
    await db.write(ledger.record, [event(n, EventType.SENT, now, campaign_id=n) for n in (1, 2)])
    found = await db.read(lambda conn: ledger.count_events(conn, 1, [1, 2, 3]))
    assert {campaign_id: each.sent for campaign_id, each in found.items()} == {1: 1, 2: 1, 3: 0}


@pytest.mark.parametrize(("bounds", "sent"), [({"since": 1}, 2), ({"until": 1}, 2), ({"since": 1, "until": 1}, 1)])
async def test_a_span_of_time_includes_both_its_ends(
    db: database.Database, now: datetime, bounds: dict[str, int], sent: int
):
    events = [event(n, EventType.SENT, now + n * LATER) for n in range(3)]
    found = await tally(db, *events, **{name: now + n * LATER for name, n in bounds.items()})
    assert found.sent == sent
