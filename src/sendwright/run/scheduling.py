"""The scheduler role, put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sendwright.run.house import House
from sendwright.run.scheduler import Scheduler, expiring_smtp_tokens, sweeping_payloads


@asynccontextmanager
async def scheduling(house: House, group: asyncio.TaskGroup) -> AsyncIterator[None]:
    """Tokens end by time, and what was kept for a while is erased."""
    scheduler = Scheduler([expiring_smtp_tokens(house.db), sweeping_payloads(house.db)], house.clock)
    working = group.create_task(scheduler.run())
    yield
    scheduler.stop()
    await working
