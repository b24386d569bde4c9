"""``sendwright serve``: the parts, put together by hand, opened from the inside out and closed the other way round."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from sendwright import database, ledger, tracking
from sendwright.doors.tracking import Visits
from sendwright.run import metrics
from sendwright.run.answering import answering
from sendwright.run.clock import SystemClock
from sendwright.run.delivering import delivering
from sendwright.run.house import House, address_of, listen_on
from sendwright.run.process import open_many_files, settle_memory
from sendwright.run.receiving import receiving
from sendwright.run.scheduling import scheduling
from sendwright.run.settings import Role, Settings
from sendwright.run.store import open_store
from sendwright.run.submitting import submitting

log = structlog.get_logger()

_LOOK_FOR_ROOM = 1.0  # seconds


async def serve(settings: Settings) -> None:
    """Opens all doors of the roles, says so in one line of JSON, works until SIGTERM or SIGINT, and closes in order."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_, stopping.set)
    async with AsyncExitStack() as stack:
        open_many_files()
        settle_memory()
        listener = listen_on(settings.http, "--http") if Role.HTTP in settings.roles else None
        house = await _build(settings, stack, listener)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        await stack.enter_async_context(_writing_visits(house, group))
        await stack.enter_async_context(_keeping_room(house.db, group))
        if Role.DELIVERY in settings.roles:
            await stack.enter_async_context(delivering(house, group))
        if Role.SCHEDULER in settings.roles:
            await stack.enter_async_context(scheduling(house, group))
        if Role.SUBMISSION in settings.roles:
            await stack.enter_async_context(submitting(house))
        if Role.INBOUND in settings.roles:
            await stack.enter_async_context(receiving(house, group))
        if listener is not None:
            await stack.enter_async_context(answering(house, group, listener))
        _tell_what_is_not_open(house)
        print(json.dumps({"ready": True, **house.doors, "database": house.db.target.shown}), flush=True)  # noqa: T201
        await stopping.wait()
        log.info("stopping")


async def _build(settings: Settings, stack: AsyncExitStack, listener: socket.socket | None) -> House:
    db, seal = await stack.enter_async_context(open_store(settings, exclusive=True))
    clock = SystemClock()
    if db.target.file is not None:  # we are alone: what a process before us held is free
        usual = ledger.DuplicatePolicy(settings.duplicate_policy)
        await db.write(ledger.recover_all, clock.now(), settings.in_doubt_wait, usual)
    return House(
        settings=settings,
        clock=clock,
        db=db,
        seal=seal,
        registry=metrics.registry(db),
        public_url=settings.public_url or f"http://{address_of(listener) if listener else settings.http}",
        tracking_keys=(tracking.TrackingKey(seal.derive("tracking")),),
        visits=Visits(db),
    )


@asynccontextmanager
async def _writing_visits(house: House, group: asyncio.TaskGroup) -> AsyncIterator[None]:
    task = group.create_task(house.visits.run())
    yield
    task.cancel()
    await house.visits.flush()


@asynccontextmanager
async def _keeping_room(db: database.Database, group: asyncio.TaskGroup) -> AsyncIterator[None]:
    task = group.create_task(_keep_room(db))
    yield
    task.cancel()


async def _keep_room(db: database.Database) -> None:
    """Tells the operator when the disk is full, and takes the ballast on again once there is room."""
    had_room = True
    while True:
        had, had_room = had_room, await db.look_for_room()
        if had and not had_room:
            log.error("disk_full", advice="nothing is accepted and nothing begun: make room, or lower ballast")
        elif had_room and not had:
            log.warning("room_again")
        await asyncio.sleep(_LOOK_FOR_ROOM)


def _tell_what_is_not_open(house: House) -> None:
    """The ready line names every door, null if it is closed."""
    for door in ("submission", "submissions", "inbound"):
        house.doors.setdefault(door, None)
