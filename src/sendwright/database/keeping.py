"""Keeping a record in the journal for as long as the database has not got it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from sendwright.database.journal import Journal

log = structlog.get_logger()

PATIENCE: Final = 5.0
"""Seconds that the database may take, before the journal has it too."""


@asynccontextmanager
async def kept_until_recorded(
    journal: Journal | None, record: Callable[[], bytes], when_slow: Callable[[], None], patience: float = PATIENCE
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """While the block tries to record something, the journal comes to have it: at once when what it gives is called,
    or after ``patience`` seconds (and ``when_slow`` is told), or when the block is cancelled. Once the block is
    through, the journal forgets it.

    A database that is gone says so at once or, when its machine froze, never; and a process that ends does not wait.
    """
    if journal is None:
        yield _nothing
        return
    page = _Page(journal, record)

    async def watch() -> None:
        await asyncio.sleep(patience)
        when_slow()
        await page.keep()

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        try:
            yield page.keep
        except asyncio.CancelledError:
            page.write()
            raise
        finally:
            watching.cancel()
    if page.is_begun:
        await asyncio.to_thread(page.tear_out)


async def _nothing() -> None:
    return


class _Page:
    """One record in the journal."""

    def __init__(self, journal: Journal, record: Callable[[], bytes]) -> None:
        self._journal, self._record = journal, record
        self._lock = threading.Lock()
        self._is_written = False
        self.is_begun = False

    async def keep(self) -> None:
        self.is_begun = True
        await asyncio.to_thread(self.write)

    def write(self) -> None:
        with self._lock:
            if self._is_written:
                return
            try:
                self._journal.append(self._record())
            except OSError as fault:
                log.error("outcome_not_in_journal", fault=str(fault), advice="make room where the journal lies")
            else:
                self._is_written = True

    def tear_out(self) -> None:
        with self._lock:
            if self._is_written:
                self._journal.forget_one()
