"""An outcome that the database could not take: kept in the journal, and recorded once, however often it is replayed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sendwright import attempt, database, ledger

from .shop import FakePost, Shop, desk, event_types
from .test_attempt import ANSWERED, BOUNCED, DELIVERED, EVERY, PUT_OFF, Ailing, settled

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", EVERY)
async def test_an_outcome_comes_back_from_the_journal_as_it_was(name: str) -> None:
    found = settled(EVERY[name], payload=b"", snapshot=b"")
    assert attempt.decoded(attempt.encoded(found)) == found


async def test_the_journal_has_nothing_of_what_the_mail_says() -> None:
    record = attempt.encoded(settled(DELIVERED, payload=b"secret", snapshot=b"secret"))
    kept = attempt.decoded(record).settlement.delivery
    assert (kept.payload, kept.snapshot) == (b"", b"")


class Gone(Ailing):
    """A database that goes away for good at the outcome, while the process is told to stop."""

    def __init__(self, db: database.Database, stop: asyncio.Event) -> None:
        super().__init__(db, 0)
        self._stop = stop

    async def write_in_company(self, fn: Any, item: Any) -> Any:
        if isinstance(item, attempt.Settled):
            self._stop.set()
            raise database.Unavailable("the server is gone")
        return await super().write_in_company(fn, item)


async def died_with_its_journal(shop: Shop, folder: Path) -> ledger.Delivery:
    """One send, taken by its server; the database went before it could hear of it, and then the process."""
    held, parcel = await shop.send()
    stop, journal = asyncio.Event(), database.Journal(folder)
    post = FakePost(ANSWERED, shop.clock)
    ailing = replace(desk(shop, post), db=Gone(shop.db, stop), journal=journal)  # type: ignore[arg-type]
    async with asyncio.TaskGroup() as group:
        turn = group.create_task(attempt.attempt(ailing, held, parcel))
        await stop.wait()
        turn.cancel()
    journal.close()
    return held


async def replayed(shop: Shop, folder: Path, erase: bool = True) -> int:
    with database.left_behind(folder) as found:
        for left in found:
            kept = left.file.read_bytes()
            await attempt.replay(desk(shop, FakePost(ANSWERED, shop.clock)), left)
            if not erase:
                left.file.write_bytes(kept)
        return len(found)


async def test_an_outcome_in_the_journal_is_recorded_at_the_next_start(shop: Shop, tmp_path: Path) -> None:
    held = await died_with_its_journal(shop, tmp_path)
    assert await replayed(shop, tmp_path) == 1
    page = await shop.page(held.send_id)
    assert event_types(page) == ["PROCESSED", "SENT", "DELIVERED"]
    assert page.send.result is ledger.SendResult.SENT
    assert await shop.balanced()


async def test_an_outcome_that_others_hold_in_doubt_by_now_ends_the_delivery(shop: Shop, tmp_path: Path) -> None:
    held = await died_with_its_journal(shop, tmp_path)
    await shop.db.write(ledger.recover_all, shop.clock.now(), ledger.IN_DOUBT_WAIT)
    await replayed(shop, tmp_path)
    page = await shop.page(held.send_id)
    assert page.deliveries[0].state is ledger.DeliveryState.DELIVERED
    assert [made.outcome for made in page.attempts] == [ledger.Outcome.DELIVERED]


async def test_a_journal_that_is_replayed_twice_records_once(shop: Shop, tmp_path: Path) -> None:
    held = await died_with_its_journal(shop, tmp_path)
    await replayed(shop, tmp_path, erase=False)
    await replayed(shop, tmp_path)
    page = await shop.page(held.send_id)
    assert event_types(page) == ["PROCESSED", "SENT", "DELIVERED"]
    assert len(page.attempts) == 1
    assert await replayed(shop, tmp_path) == 0


async def test_a_record_of_another_version_is_left_for_a_person(shop: Shop, tmp_path: Path) -> None:
    journal = database.Journal(tmp_path)
    journal.append(b'[{"strange": true}]')
    journal.close()
    await replayed(shop, tmp_path)
    assert await replayed(shop, tmp_path) == 1


async def test_put_off_and_bounced_are_kept_too() -> None:
    for what in (PUT_OFF, BOUNCED):
        assert attempt.decoded(attempt.encoded(settled(what))).settlement.due == settled(what).settlement.due
