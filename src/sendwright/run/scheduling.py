"""The scheduler role, put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sendwright.run.house import House
from sendwright.run.scheduler import Scheduler, expiring_smtp_tokens, sweeping_feedback, sweeping_payloads


@asynccontextmanager
async def scheduling(house: House, group: asyncio.TaskGroup) -> AsyncIterator[None]:
    """Tokens end by time, and what was kept for a while is erased."""
    db = house.db
    chores = [
        expiring_smtp_tokens(db),
        sweeping_payloads(db),
        sweeping_feedback(db, house.settings.reports_kept),
    ]
    scheduler = Scheduler(chores, house.clock)
    working = group.create_task(scheduler.run())
    yield
    scheduler.stop()
    await working
