"""The sandbox pages: what the sandbox received, and what became of each send."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sendwright import database, tracking, views


def sandbox_routes(
    db: database.Database,
    keys: Sequence[tracking.TrackingKey],
    now: Callable[[], datetime],
    public_url: str = "",
) -> list[BaseRoute]:
    """The routes to hang into the HTTP door."""

    async def page(request: Request) -> Response:
        opened = tracking.unseal_sandbox_page(keys, request.query_params.get("key", ""))
        if opened is None or opened.send_id != request.path_params["send_id"]:
            return PlainTextResponse("There is no such page.\n", 404)
        found = await db.read(views.send_page, opened.account_id, opened.send_id)
        return PlainTextResponse("There is no such page.\n" if found is None else f"{found.send.explanation}\n")

    return [Route("/sandbox/s/{send_id}", page, methods=["GET"])]
