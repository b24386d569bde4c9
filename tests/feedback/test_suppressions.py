"""Suppressions: who is not mailed, since when, and why; each account and stream for itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from sendwright import database, feedback
from sendwright.feedback import Cause, Suppression

pytestmark = pytest.mark.anyio
STREAM = "transactional"


def suppression(now: datetime, key: str = "ann@example.org", **changes: Any) -> Suppression:
    facts: dict[str, Any] = {
        "account_id": 1, "stream": STREAM, "key": key, "cause": Cause.BOUNCED, "since": now,
        "explanation": "It bounced.", "evidence": {"sendId": "s-1", "reply": "550 nö"}, **changes,
    }  # fmt: skip
    return Suppression(**facts)


async def listed(
    db: database.Database, account_id: int = 1, after: tuple[str, str] | None = None, limit: int = 50
) -> list[str]:
    found = await db.read(lambda conn: feedback.list_suppressions(conn, account_id, after=after, limit=limit))
    return [item.key for item in found]


async def test_a_suppression_is_found_as_it_was_written(db: database.Database, now: datetime):
    written = suppression(now)
    await db.write(feedback.suppress, [written])
    slot = (1, STREAM, "ann@example.org")
    assert await db.read(feedback.find_suppressions, [slot], now) == {slot: written}


async def test_the_first_cause_stands(db: database.Database, now: datetime):
    await db.write(feedback.suppress, [suppression(now)])
    await db.write(feedback.suppress, [suppression(now + timedelta(1), cause=Cause.COMPLAINED)])
    (found,) = (await db.read(feedback.find_suppressions, [(1, STREAM, "ann@example.org")], now)).values()
    assert (found.cause, found.since) == (Cause.BOUNCED, now)


async def test_the_same_address_twice_in_one_batch_is_one(db: database.Database, now: datetime):
    await db.write(feedback.suppress, [suppression(now), suppression(now, cause=Cause.COMPLAINED)])
    assert await listed(db) == ["ann@example.org"]


async def test_writing_none_is_nothing(db: database.Database):
    await db.write(feedback.suppress, [])
    assert await listed(db) == []


async def test_looking_for_none_finds_none(db: database.Database, now: datetime):
    assert await db.read(feedback.find_suppressions, [], now) == {}


@pytest.mark.parametrize(
    "slot", [(2, STREAM, "ann@example.org"), (1, "marketing", "ann@example.org"), (1, STREAM, "bob@example.org")]
)
async def test_another_account_stream_or_address_is_free(db: database.Database, now: datetime, slot: Any):
    await db.write(feedback.suppress, [suppression(now)])
    assert await db.read(feedback.find_suppressions, [slot], now) == {}


async def test_a_batch_of_look_ups_does_not_mix_accounts(db: database.Database, now: datetime):
    await db.write(feedback.suppress, [suppression(now), suppression(now, "bob@example.org", account_id=2)])
    asked = [(1, STREAM, "bob@example.org"), (2, STREAM, "ann@example.org"), (2, STREAM, "bob@example.org")]
    assert set(await db.read(feedback.find_suppressions, asked, now)) == {(2, STREAM, "bob@example.org")}


async def test_a_lifted_address_may_be_mailed_again(db: database.Database, now: datetime):
    await db.write(feedback.suppress, [suppression(now)])
    assert await db.write(feedback.lift, 1, STREAM, "ann@example.org")
    assert await listed(db) == []


@pytest.mark.parametrize(("account_id", "stream"), [(2, STREAM), (1, "marketing")])
async def test_nobody_lifts_for_another(db: database.Database, now: datetime, account_id: int, stream: str):
    await db.write(feedback.suppress, [suppression(now)])
    assert not await db.write(feedback.lift, account_id, stream, "ann@example.org")
    assert await listed(db) == ["ann@example.org"]


async def test_what_is_not_suppressed_cannot_be_lifted(db: database.Database):
    assert not await db.write(feedback.lift, 1, STREAM, "ann@example.org")


async def test_a_list_is_by_key_and_pages(db: database.Database, now: datetime):
    await db.write(
        feedback.suppress, [suppression(now, key) for key in ("c@example.org", "@b.example", "a@example.org")]
    )
    assert await listed(db, limit=2) == ["@b.example", "a@example.org"]
    assert await listed(db, after=("a@example.org", STREAM)) == ["c@example.org"]


async def test_a_list_is_of_one_account(db: database.Database, now: datetime):
    await db.write(feedback.suppress, [suppression(now), suppression(now, "bob@example.org", account_id=2)])
    assert await listed(db, account_id=2) == ["bob@example.org"]


async def test_a_lifted_address_may_be_suppressed_again(db: database.Database, now: datetime):
    await db.write(feedback.suppress, [suppression(now)])
    await db.write(feedback.lift, 1, STREAM, "ann@example.org")
    await db.write(feedback.suppress, [suppression(now, cause=Cause.COMPLAINED)])
    (found,) = (await db.read(feedback.find_suppressions, [(1, STREAM, "ann@example.org")], now)).values()
    assert found.cause is Cause.COMPLAINED


async def test_a_whole_domain_is_a_key_of_its_own(db: database.Database, now: datetime):
    await db.write(feedback.suppress, [suppression(now, "@example.org", cause=Cause.BLOCKED)])
    assert await db.read(feedback.find_suppressions, [(1, STREAM, "ann@example.org")], now) == {}
    assert len(await db.read(feedback.find_suppressions, [(1, STREAM, "@example.org")], now)) == 1
