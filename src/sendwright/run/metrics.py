"""What Prometheus is told, and the database's readiness check. Each figure is declared beside a sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from sqlalchemy import select

from sendwright import database

Check = Callable[[], Awaitable[str | None]]


def registry(db: database.Database) -> CollectorRegistry:
    """The figures of this process."""
    figures = CollectorRegistry()
    ProcessCollector(registry=figures)
    PlatformCollector(registry=figures)
    waiting = Gauge("sendwright_database_writes_waiting", "Writes that wait for a commit.", registry=figures)
    waiting.set_function(lambda: db.backlog)
    return figures


def database_check(db: database.Database) -> Check:
    """Whether the database answers, by asking it."""

    async def check() -> str | None:
        try:
            await db.read(_ask)
        except database.Unavailable as fault:
            return f"the database does not answer: {fault}"
        if not db.has_room:
            return (
                "the disk is full: nothing is accepted and no delivery is started. Make room, or lower the setting "
                "ballast"
            )
        return None

    return check


def _ask(conn: database.Connection) -> None:
    conn.execute(select(1))
