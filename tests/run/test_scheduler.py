"""The scheduler: every step in its time, and no step's fault stops another. No test waits: the clock is moved."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from sendwright import accounts, database
from sendwright.run.scheduler import EVERY_MINUTE, Chore, Scheduler, expiring_smtp_tokens
from tests.stories.shop import Shop

pytestmark = pytest.mark.anyio


@dataclass
class Clock:
    """Two hands, moved together by :meth:`advance`."""

    at: datetime
    passed: float = 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.passed

    def advance(self, by: timedelta) -> None:
        self.at += by
        self.passed += by.total_seconds()


@dataclass
class Steps:
    """Chores that only note when they were taken."""

    taken: list[tuple[str, datetime]] = field(default_factory=list)

    def chore(self, name: str, seconds: float, then: Callable[[], None] | None = None) -> Chore:
        def step(now: datetime) -> Awaitable[None]:
            self.taken.append((name, now))
            if then is not None:
                then()
            return asyncio.sleep(0)

        return Chore(name=name, every=timedelta(seconds=seconds), step=step)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.taken]


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


def failing(fault: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise fault

    return fail


async def test_every_step_is_taken_at_the_start_with_the_time(clock: Clock, now: datetime):
    steps = Steps()
    await Scheduler([steps.chore("a", 60), steps.chore("b", 90)], clock).take_due()
    assert steps.taken == [("a", now), ("b", now)]


async def test_a_step_is_not_due_again_before_its_time(clock: Clock):
    steps = Steps()
    scheduler = Scheduler([steps.chore("a", 60)], clock)
    await scheduler.take_due()
    clock.advance(timedelta(seconds=59))
    assert await scheduler.take_due() == timedelta(seconds=1)
    assert steps.names == ["a"]


async def test_each_step_has_its_own_time(clock: Clock):
    steps = Steps()
    scheduler = Scheduler([steps.chore("a", 60), steps.chore("b", 90)], clock)
    waits = []
    for _ in range(5):
        waits.append(await scheduler.take_due())
        clock.advance(waits[-1])
    assert steps.names == ["a", "b", "a", "b", "a", "a", "b"]
    assert [wait.total_seconds() for wait in waits] == [60, 30, 30, 60, 60]


async def test_a_clock_that_is_set_back_delays_nothing(clock: Clock):
    steps = Steps()
    scheduler = Scheduler([steps.chore("a", 60)], clock)
    await scheduler.take_due()
    clock.advance(timedelta(seconds=60))
    clock.at -= timedelta(days=365)
    await scheduler.take_due()
    assert steps.names == ["a", "a"]


@pytest.mark.parametrize(
    ("fault", "event"), [(ValueError("bug"), "chore_failed"), (database.Unavailable("full"), "database_unavailable")]
)
async def test_a_step_that_fails_is_logged_and_stops_no_other(clock: Clock, fault: Exception, event: str):
    steps = Steps()
    scheduler = Scheduler([steps.chore("a", 60, failing(fault)), steps.chore("b", 60)], clock)
    with capture_logs() as logged:
        await scheduler.take_due()
    assert steps.names == ["a", "b"]
    assert [(line["event"], line["chore"], line["log_level"]) for line in logged] == [(event, "a", "error")]


async def test_a_step_that_failed_is_taken_again_at_its_next_time(clock: Clock):
    steps = Steps()
    scheduler = Scheduler([steps.chore("a", 60, failing(ValueError()))], clock)
    with capture_logs():
        clock.advance(await scheduler.take_due())
        await scheduler.take_due()
    assert steps.names == ["a", "a"]


async def test_a_scheduler_without_chores_waits(clock: Clock):
    assert await Scheduler([], clock).take_due() == EVERY_MINUTE


async def test_it_ends_when_it_is_told_to(clock: Clock):
    steps = Steps()
    scheduler = Scheduler([steps.chore("a", 3600), steps.chore("b", 3600, lambda: scheduler.stop())], clock)
    await scheduler.run()
    assert steps.names == ["a", "b"]


async def test_it_begins_no_step_after_it_was_told_to_end(clock: Clock):
    steps = Steps()
    scheduler = Scheduler([steps.chore("a", 3600, lambda: scheduler.stop()), steps.chore("b", 3600)], clock)
    await scheduler.run()
    assert steps.names == ["a"]


async def test_it_goes_on_until_then(clock: Clock):
    steps = Steps()
    scheduler = Scheduler([steps.chore("a", 0, lambda: scheduler.stop() if len(steps.taken) == 3 else None)], clock)
    await scheduler.run()
    assert steps.names == ["a", "a", "a"]


# --- SMTP tokens


async def _token(shop: Shop, number: int, expires_at: datetime) -> accounts.SmtpToken:
    new = accounts.NewSmtpToken(
        account_id=shop.account_id, host="localhost", campaign_name="Receipts", create_contact=True,
        email_id=900 + number, campaign_id=900 + number, created_by="ada@example.com", expires_at=expires_at,
    )  # fmt: skip
    token, _ = await shop.db.write(accounts.create_smtp_token, new, shop.clock.now(), "operator")
    return token


async def test_expired_tokens_are_deleted_and_both_kinds_are_logged(shop: Shop):
    now = shop.clock.now()
    over, soon = await _token(shop, 1, now), await _token(shop, 2, now + timedelta(days=30))
    with capture_logs() as logged:
        await expiring_smtp_tokens(shop.db).step(now)
    assert [(line["event"], line["log_level"], line["token"]) for line in logged] == [
        ("smtp_token_expired", "info", over.id), ("smtp_token_expires_soon", "warning", soon.id),
    ]  # fmt: skip
    assert (logged[1]["account"], logged[1]["campaign"], logged[1]["days"]) == (shop.account_id, "Receipts", 30)
    assert await shop.db.read(accounts.find_smtp_token, shop.account_id, over.id) is None


async def test_tokens_are_looked_at_once_a_minute(shop: Shop):
    assert expiring_smtp_tokens(shop.db).every == timedelta(minutes=1)
