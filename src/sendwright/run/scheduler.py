"""The scheduler role: what is due by time, and by nobody's request.

Every step may run in several processes at once and any number of times: it takes what is due with guarded statements.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from sendwright import accounts, connect_domain, database, domains, feedback, ledger

log = structlog.get_logger()

EVERY_MINUTE = timedelta(minutes=1)
_BREATH = 0.02  # seconds between two steps of a long chore: other writes come first
_STRANGERS_KEPT = 500
"""Mails that prove nothing, to addresses that anybody may write to: postmaster, and where complaints go."""

Step = Callable[[datetime], Awaitable[None]]


class Clock(Protocol):
    """Tells the time, and how much of it has passed."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """A step that is taken at the start, and then ``every`` so often. It gets the time, aware, UTC."""

    name: str
    every: timedelta
    step: Step


class Scheduler:
    """Takes the steps of its chores, one after the other. ``run`` ends after ``stop``, with the step in hand."""

    def __init__(self, chores: Sequence[Chore], clock: Clock) -> None:
        self._clock = clock
        self._due = dict.fromkeys(chores, clock.monotonic())
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Begins no step from now on."""
        self._stopping.set()

    async def run(self) -> None:
        """Works until it is told to stop."""
        while not self._stopping.is_set():
            wait = await self.take_due()
            try:
                await asyncio.wait_for(self._stopping.wait(), wait.total_seconds())
            except TimeoutError:
                continue

    async def take_due(self) -> timedelta:
        """Takes every step that is due now. How long it is until the next one."""
        for chore, due in self._due.items():
            if due <= self._clock.monotonic() and not self._stopping.is_set():
                await self._take(chore)
                self._due[chore] = self._clock.monotonic() + chore.every.total_seconds()
        soonest = min(self._due.values(), default=self._clock.monotonic() + EVERY_MINUTE.total_seconds())
        return timedelta(seconds=max(soonest - self._clock.monotonic(), 0))

    async def _take(self, chore: Chore) -> None:
        try:
            await chore.step(self._clock.now())
        except database.Unavailable as fault:
            log.error("database_unavailable", chore=chore.name, fault=str(fault))
        except Exception:  # the fault barrier of one chore: the others go on, and it is tried again at its next time
            log.exception("chore_failed", chore=chore.name)


def expiring_smtp_tokens(db: database.Database) -> Chore:
    """Deletes SMTP tokens whose time is over, and warns of it before."""

    async def step(now: datetime) -> None:
        done = await db.write(accounts.expire_smtp_tokens, now)
        for token in done.expired:
            log.info("smtp_token_expired", **_named(token))
        for token in done.warned:
            log.warning("smtp_token_expires_soon", days=token.warned, **_named(token))

    return Chore(name="smtp_tokens", every=EVERY_MINUTE, step=step)


def _named(token: accounts.SmtpToken) -> dict[str, str | int | None]:
    expires = None if token.expires_at is None else token.expires_at.isoformat(timespec="seconds")
    return {"account": token.account_id, "token": token.id, "campaign": token.campaign_name, "expires_at": expires}


def sweeping_payloads(db: database.Database) -> Chore:
    """Erases mails that were kept by their senders' wish until now, and what was received only in part."""

    async def step(now: datetime) -> None:
        while await db.write(ledger.sweep, now):  # noqa: ASYNC110 - it waits for nobody, it lets others go first
            await asyncio.sleep(_BREATH)

    return Chore(name="payloads", every=EVERY_MINUTE, step=step)


def checking_domains(desk: connect_domain.Desk) -> Chore:
    """Looks for the DNS records of sending domains, each when it is due."""

    async def step(now: datetime) -> None:
        for noted in await connect_domain.check_due(desk):
            tell_of_check(noted)

    return Chore(name="domains", every=EVERY_MINUTE, step=step)


def tell_of_check(noted: domains.Noted) -> None:
    """Logs what a check changed."""
    what = connect_domain.change_of(noted)
    facts = {"account": noted.after.account_id, "domain": noted.after.name}
    if what == "domain.degraded":
        wrong = [record.wanted.name for record in noted.check.records if record.advice]
        log.warning("domain_degraded", records=wrong, advice=f"see sendwright domains show {noted.after.name}", **facts)
    elif what is not None:
        log.info(what.replace(".", "_"), **facts)
    for selector in noted.activated:
        log.info("dkim_key_activated", selector=selector, **facts)


def retiring_keys(desk: connect_domain.Desk, overlap: timedelta) -> Chore:
    """Erases DKIM keys that were replaced long enough ago, and domains that were removed, with theirs."""

    async def step(now: datetime) -> None:
        for account_id, name, selector in await connect_domain.retire_keys(desk, overlap):
            log.info("dkim_key_retired", account=account_id, domain=name, selector=selector)
        for account_id, name in await connect_domain.forget_removed(desk):
            log.info("domain_erased", account=account_id, domain=name)

    return Chore(name="dkim_keys", every=EVERY_MINUTE, step=step)


def sweeping_feedback(db: database.Database, kept: timedelta) -> Chore:
    """Ends suppressions whose time is over, forgets old failures, erases old reports."""

    async def step(now: datetime) -> None:
        await db.write(feedback.sweep_failures, now)
        for sweep, *words in (
            (feedback.sweep_suppressions, now),
            (feedback.sweep_reports, now - kept),
            (feedback.trim_strangers, _STRANGERS_KEPT),
        ):
            while await db.write(sweep, *words):  # noqa: ASYNC110 - it waits for nobody, it lets others go first
                await asyncio.sleep(_BREATH)

    return Chore(name="feedback", every=EVERY_MINUTE, step=step)
