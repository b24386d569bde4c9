"""The scheduler role, put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sendwright.run.domain_desk import domain_desk
from sendwright.run.house import House
from sendwright.run.scheduler import (
    Scheduler,
    checking_domains,
    expiring_smtp_tokens,
    retiring_keys,
    sweeping_feedback,
    sweeping_payloads,
)


@asynccontextmanager
async def scheduling(house: House, group: asyncio.TaskGroup) -> AsyncIterator[None]:
    """Tokens end by time, what was kept for a while is erased, and domains are looked for in DNS."""
    desk = domain_desk(house.settings, house.db, house.seal, house.clock.now)
    chores = [
        expiring_smtp_tokens(house.db),
        sweeping_payloads(house.db),
        retiring_keys(desk, house.settings.dkim_overlap),
        checking_domains(desk),
        sweeping_feedback(house.db, house.settings.reports_kept),
    ]
    scheduler = Scheduler(chores, house.clock)
    working = group.create_task(scheduler.run())
    yield
    scheduler.stop()
    await working
