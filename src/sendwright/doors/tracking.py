"""The tracking door: links, pixels and web versions, on the customer's tracking host.

The answer does not wait for the disk: visits are gathered and written a moment later, many in one commit. A token that
is not ours, or not whole, is a 404 and never a redirect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sendwright import database, engage, ledger, tracking, views

log = structlog.get_logger()

_GATHER = 0.05
_BATCH = 500
_MOST_WAITING = 50_000
"""Visits beyond this are lost rather than memory: only while the database is gone."""

_NO_STORE = (b"cache-control", b"no-store, no-cache, must-revalidate, private, max-age=0")
_NO_ROBOTS = (b"x-robots-tag", b"noindex, nofollow")
_WEB_HEADERS = {
    "content-security-policy": "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox",  # a shop in a window without scripts would not work
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",  # the address is the key to the page: no shop that it links to may learn it
    "cache-control": "no-store",
    "x-robots-tag": "noindex, nofollow",
}


class Visits:
    """Gathers visits and writes them in batches. Runs until cancelled; ``flush`` writes what waits."""

    def __init__(self, db: database.Database) -> None:
        self._db = db
        self._waiting: list[engage.Visit] = []
        self._some = asyncio.Event()

    def note(self, visit: engage.Visit) -> None:
        """Takes a visit; never waits."""
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(visit)
            self._some.set()

    async def run(self) -> None:
        """Writes what comes."""
        while True:
            await self._some.wait()
            await asyncio.sleep(_GATHER)
            await self.flush()

    async def flush(self) -> None:
        """Writes what waits; keeps it while the database cannot."""
        self._some.clear()
        while self._waiting:
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            try:
                await self._db.write(engage.note_visits, batch)
            except database.Unavailable as fault:
                log.error("visits_not_recorded", waiting=len(self._waiting) + len(batch), fault=str(fault))
                self._waiting = batch + self._waiting
                self._some.set()
                return


class TrackingDoor:
    """``/t/c/{token}`` redirects, ``/t/o/{token}`` is the pixel. Plain ASGI: these answers are most of the traffic."""

    def __init__(self, visits: Visits, keys: Sequence[tracking.TrackingKey], now: Callable[[], datetime]) -> None:
        self._visits, self._keys, self._now = visits, keys, now

    async def click(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A followed link."""
        click = tracking.unseal_click(self._keys, _token(scope))
        if click is None:
            await _not_found(send)
            return
        self._note(scope, click.account_id, click.send_id, url=click.url, link=click.link)
        await _answer(send, 302, [(b"location", click.url.encode("ascii")), (b"content-length", b"0")], b"")

    async def open(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A loaded pixel."""
        opened = tracking.unseal_open(self._keys, _token(scope))
        if opened is None:
            await _not_found(send)
            return
        self._note(scope, opened.account_id, opened.send_id)
        size = str(len(tracking.PIXEL_GIF)).encode()
        await _answer(send, 200, [(b"content-type", b"image/gif"), (b"content-length", size)], tracking.PIXEL_GIF)

    def _note(
        self, scope: Scope, account_id: int, send_id: str, url: str | None = None, link: int | None = None
    ) -> None:
        headers = dict(scope["headers"])
        client = scope.get("client")
        self._visits.note(
            engage.Visit(
                account_id=account_id, send_id=ledger.SendId(send_id), at=self._now(),
                user_agent=_text(headers.get(b"user-agent")), ip=client[0] if client else "", method=scope["method"],
                url=url, link=link, referer=_text(headers.get(b"referer")) or None,
            )
        )  # fmt: skip


def tracking_routes(
    db: database.Database, visits: Visits, keys: Sequence[tracking.TrackingKey], now: Callable[[], datetime]
) -> list[Route]:
    """The routes to hang into the HTTP door."""
    door = TrackingDoor(visits, keys, now)

    async def web_version(request: Request) -> Response:
        """The mail in the browser, without what the caller gave for that mail alone (SS06)."""
        page = tracking.unseal_web_version(keys, request.path_params["token"])
        html = None if page is None else await db.read(views.web_version, page.account_id, page.send_id, now())
        if html is None:
            return Response("There is no such page.", 404, media_type="text/plain")
        return HTMLResponse(html, headers=_WEB_HEADERS)

    return [
        Route("/t/c/{token}", _Plain(door.click), methods=["GET", "HEAD"]),
        Route("/t/o/{token}", _Plain(door.open), methods=["GET", "HEAD"]),
        Route("/t/v/{token}", web_version, methods=["GET"]),
    ]


class _Plain:
    """An ASGI application that Starlette does not take for a function of a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def _token(scope: Scope) -> str:
    path: str = scope["path"]
    return path.rpartition("/")[2]


def _text(value: bytes | None) -> str:
    """A header's text, bounded, without what a database or a terminal chokes on."""
    text = (value or b"")[:1000].decode("latin-1")
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


async def _not_found(send: Send) -> None:
    body = b"There is no such link."
    size = str(len(body)).encode()
    await _answer(send, 404, [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", size)], body)


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [*headers, _NO_STORE, _NO_ROBOTS]})
    await send({"type": "http.response.body", "body": body})
