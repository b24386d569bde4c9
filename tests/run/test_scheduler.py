"""The scheduler: every step in its time, and no step's fault stops another. No test waits: the clock is moved."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from sendwright import accounts, connect_domain, database, domains
from sendwright.domains.rules import after_check
from sendwright.run.scheduler import (
    EVERY_MINUTE,
    Chore,
    Scheduler,
    checking_domains,
    expiring_smtp_tokens,
    retiring_keys,
    tell_of_check,
)
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


# --- domains


def noted(before: domains.Domain, after: domains.Domain, *activated: str) -> domains.Noted:
    wanted = domains.WantedRecord(
        name="bounce.example.com", type="MX", value="10 mail.test", purpose=domains.Purpose.RETURN_PATH,
        need=domains.Need.NEEDED, about="",
    )  # fmt: skip
    record = domains.RecordCheck(wanted=wanted, state=domains.RecordState.MISSING, findings=(), advice="Publish it.")
    check = domains.DomainCheck(at=before.created_at, standing=domains.Standing.WRONG, records=(record,), warnings=())
    return domains.Noted(check=check, before=before, after=after, activated=activated)


@pytest.fixture
def right(now: datetime) -> domains.Domain:
    pending = domains.Domain(
        account_id=7, name="example.com", connection=None, tracking_host=None, return_path_host=None, created_at=now
    )
    return after_check(pending, domains.Standing.RIGHT, now)


async def test_a_domain_that_degrades_is_a_warning_that_names_the_records(right: domains.Domain, now: datetime):
    with capture_logs() as logged:
        tell_of_check(noted(right, replace(right, degraded_since=now)))
    (line,) = logged
    assert (line["event"], line["log_level"], line["domain"]) == ("domain_degraded", "warning", "example.com")
    assert line["records"] == ["bounce.example.com"]


async def test_a_domain_that_recovers_and_keys_that_take_over_are_told(right: domains.Domain, now: datetime):
    with capture_logs() as logged:
        tell_of_check(noted(replace(right, degraded_since=now), right, "sw1"))
    assert [line["event"] for line in logged] == ["domain_recovered", "dkim_key_activated"]


async def test_a_check_that_changes_nothing_is_not_told(right: domains.Domain):
    with capture_logs() as logged:
        tell_of_check(noted(right, right))
    assert logged == []


@pytest.fixture
def domain_desk(shop: Shop) -> connect_domain.Desk:
    return connect_domain.Desk(
        db=shop.db, seal=shop.seal, now=shop.clock.now, chance=lambda: 0.5,
        name_servers=domains.NameServers(may_ask=lambda _: True, resolver="127.0.0.1:1", patience=timedelta(0)),
        place=domains.Installation(inbound_host="mail.test", web_host="mail.test", spf="a:mail.test"),
    )  # fmt: skip


async def test_domains_are_checked_when_they_are_due(domain_desk: connect_domain.Desk, shop: Shop):
    await shop.db.write(domains.schedule_check, shop.account_id, "example.com", shop.clock.now())
    await checking_domains(domain_desk).step(shop.clock.now())
    found = await shop.db.read(domains.find_domain, shop.account_id, "example.com")
    assert found is not None
    assert found.checked_at == shop.clock.now()


async def test_the_domain_of_a_new_installation_is_not_looked_for_before_somebody_asks(
    domain_desk: connect_domain.Desk, shop: Shop
):
    await checking_domains(domain_desk).step(shop.clock.now())
    found = await shop.db.read(domains.find_domain, shop.account_id, "example.com")
    assert found is not None
    assert found.checked_at is None


async def test_replaced_keys_are_erased_and_that_is_told(domain_desk: connect_domain.Desk, shop: Shop):
    await shop.db.write(domains.retire_key, shop.account_id, "example.com", "sw2", shop.clock.now())
    chore = retiring_keys(domain_desk, timedelta(days=7))
    shop.clock.advance(days=7)
    with capture_logs() as logged:
        await chore.step(shop.clock.now())
        await chore.step(shop.clock.now())
    assert [(line["event"], line["selector"]) for line in logged] == [("dkim_key_retired", "sw2")]
