"""What operators ask: does the process live, is it ready, what are its figures."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sendwright import database
from sendwright.doors.http.services import Check, Services

_PATIENCE_SECONDS = 5


def routes(services: Services) -> list[BaseRoute]:
    """``/healthz``, ``/readyz`` and ``/metrics``."""
    checks = {"database": _database_check(services.db), **services.checks}

    async def is_alive(request: Request) -> Response:
        return JSONResponse({"alive": True})

    async def is_ready(request: Request) -> Response:
        wrong = await ask(checks)
        return JSONResponse({"ready": not wrong, "wrong": wrong}, 503 if wrong else 200)

    async def read_metrics(request: Request) -> Response:
        found = b"" if services.registry is None else generate_latest(services.registry)
        return Response(found, media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/healthz", is_alive, methods=["GET"]),
        Route("/readyz", is_ready, methods=["GET"]),
        Route("/metrics", read_metrics, methods=["GET"]),
    ]


async def ask(checks: Mapping[str, Check]) -> list[str]:
    """What is wrong, one sentence for each part, all asked at once. A part that does not answer is wrong too."""
    found = await asyncio.gather(*(_ask_one(name, check) for name, check in checks.items()))
    return [each for each in found if each is not None]


async def _ask_one(name: str, check: Check) -> str | None:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            wrong = await check()
    except TimeoutError:
        wrong = f"gave no answer within {_PATIENCE_SECONDS} seconds"
    except Exception as fault:  # noqa: BLE001 - the fault barrier of one check: that it breaks is an answer
        wrong = f"its check broke ({type(fault).__name__})"
    return None if wrong is None else f"{name}: {wrong}"


def _database_check(db: database.Database) -> Check:
    async def check() -> str | None:
        try:
            await db.read(_look)
        except database.Unavailable as fault:
            return f"does not answer ({fault}). Check that it runs and that its disk has room."
        return None

    return check


def _look(conn: database.Connection) -> None:
    conn.execute(select(1))
