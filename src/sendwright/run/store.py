"""Opening the database as every command does: migrated, with the installation's seal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from sendwright import database
from sendwright.run.settings import Settings

log = structlog.get_logger()


def target_of(settings: Settings) -> database.Target:
    """Where the data is. ``ValueError`` for a database of an unknown kind."""
    url = settings.database.get_secret_value() if settings.database is not None else None
    return database.Target.parse(url, settings.data)


@asynccontextmanager
async def open_store(settings: Settings, *, exclusive: bool) -> AsyncIterator[tuple[database.Database, database.Seal]]:
    """The open database and the seal. ``exclusive``: for the serving process."""
    target = target_of(settings)
    await asyncio.to_thread(database.migrate, target)
    db = database.open_database(target, exclusive=exclusive, ballast=settings.ballast)
    try:
        yield db, await db.write(database.settle_secret, _secret(settings, target))
    finally:
        await db.close()


def _secret(settings: Settings, target: database.Target) -> str | None:
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    if target.file is not None:
        return database.secret_beside(target.file)
    log.warning(
        "secret_in_database",
        advice="the secret that seals keys is kept in the database itself; set SENDWRIGHT_SECRET_KEY_FILE to part them",
    )
    return None
