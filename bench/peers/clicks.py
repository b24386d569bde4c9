"""The least that redirects a click: the token checked, a 302, the event stored some milliseconds later.

``python -m bench.peers.clicks KIND FILE`` with the kind ``starlette`` (a route), ``raw`` (ASGI without a framework) or
``unstored`` (a route that keeps nothing). Serves on a free port of loopback until it is told to stop.
"""

from __future__ import annotations

import asyncio
import hmac
import sqlite3
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bench.peers.skeleton import listen, serve

KINDS = ("starlette", "raw", "unstored")
_KEY = b"a key that everybody may know: it protects nothing"
_MAC_BYTES = 16
_GATHER_SECONDS = 0.05
_ROWS = 200

_Event = tuple[str, str, str, float]
_Send = Callable[[dict[str, Any]], Awaitable[None]]


def token_of(text: str) -> str:
    """What stands in a link for "send number, link number, address"."""
    raw = text.encode()
    return urlsafe_b64encode(hmac.digest(_KEY, raw, "sha256")[:_MAC_BYTES] + raw).decode().rstrip("=")


def _read(token: str) -> str | None:
    raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    mac, text = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    return text.decode() if hmac.compare_digest(mac, hmac.digest(_KEY, text, "sha256")[:_MAC_BYTES]) else None


class _Events:
    """What was clicked, written many rows at once."""

    def __init__(self, file: str) -> None:
        self._waiting: list[_Event] = []
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        for word in ("journal_mode=WAL", "synchronous=FULL"):
            self._connection.execute(f"PRAGMA {word}")
        self._connection.execute("CREATE TABLE events (text TEXT, agent TEXT, ip TEXT, at REAL)")

    def note(self, text: str, agent: str, ip: str) -> None:
        self._waiting.append((text, agent, ip, monotonic()))

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_GATHER_SECONDS)
            waiting, self._waiting = self._waiting, []
            if waiting:
                await asyncio.to_thread(self._write, waiting)

    def _write(self, events: list[_Event]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for start in range(0, len(events), _ROWS):
            part = events[start : start + _ROWS]
            places = ",".join(["(?,?,?,?)"] * len(part))
            self._connection.execute(f"INSERT INTO events VALUES {places}", [v for event in part for v in event])  # noqa: S608
        self._connection.execute("COMMIT")


async def _stored(request: Request) -> Response:
    text = _read(request.path_params["token"])
    if text is None:
        return Response(status_code=404)
    client = request.client
    request.app.state.events.note(text, request.headers.get("user-agent", ""), client.host if client else "")
    return RedirectResponse(text.partition(" ")[2], 302)


async def _unstored(request: Request) -> Response:
    text = _read(request.path_params["token"])
    return Response(status_code=404) if text is None else RedirectResponse(text.partition(" ")[2], 302)


class _Raw:
    def __init__(self, events: _Events) -> None:
        self._events = events

    async def __call__(self, scope: dict[str, Any], receive: Any, send: _Send) -> None:
        text = _read(scope["path"].rpartition("/")[2])
        if text is None:
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
        else:
            agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
            self._events.note(text, agent, scope["client"][0])
            headers = [(b"location", text.partition(" ")[2].encode()), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


async def _main(kind: str, file: str) -> None:
    events = _Events(file)
    app: Any = _Raw(events)
    if kind != "raw":
        app = Starlette(routes=[Route("/t/c/{token}", _stored if kind == "starlette" else _unstored)])
        app.state.events = events
    async with asyncio.TaskGroup() as group:
        writing = group.create_task(events.run())
        await serve(app, listen())
        writing.cancel()


if __name__ == "__main__":
    uvloop.run(_main(sys.argv[1], sys.argv[2]))
