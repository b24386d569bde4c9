"""The HTTP door in a thread of its own, and a trap for all that a browser says to anybody else."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

import uvicorn

from sendwright import accounts, database, tracking
from sendwright.doors import http
from sendwright.doors.web import sandbox_page_url, sandbox_routes

T = TypeVar("T")

_ITS_OWN = (b"google", b"gvt1")
KEYS = (tracking.TrackingKey(b"k" * 32),)


class Trap:
    """Listens; every connection is noted with what it says first."""

    def __init__(self) -> None:
        self._said: list[bytes] = []
        self._notes: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def caught(self) -> list[bytes]:
        """What was said on each connection; empty for one that was only opened ahead."""
        while self._notes:
            self._notes.pop().join()
        # what Chromium itself asks for is no doing of a mail
        return [said for said in self._said if not any(name in said for name in _ITS_OWN)]

    def forget(self) -> None:
        """Begins anew."""
        while self._notes:
            self._notes.pop().join()
        self._said.clear()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            note = threading.Thread(target=self._note, args=(connection,), daemon=True)
            note.start()
            self._notes.append(note)

    def _note(self, connection: socket.socket) -> None:
        said = b""
        with connection, suppress(OSError):
            connection.settimeout(1)
            while len(said) < 4000 and not said.endswith(b"\r\n\r\n") and (more := connection.recv(4000)):
                said += more
        self._said.append(said)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


class Server:
    """The door on loopback, over an own database; ``requests`` are the paths that were asked for."""

    def __init__(self, target: database.Target, now: datetime) -> None:
        self.now, self.requests = now, list[str]()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.run(self._open(target, listener))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs it where the database lives."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def write(self, fn: Callable[..., T], *args: object) -> T:
        """Writes to the database."""
        return self.run(self.db.write(fn, *args))

    def page(self, account_id: int, send_id: str) -> str:
        """The printed link of a send."""
        return sandbox_page_url(self.url, KEYS, account_id, send_id)

    async def _open(self, target: database.Target, listener: socket.socket) -> None:
        self.db = database.open_database(target)
        account = await self.db.write(accounts.create_account, "Acme", self.now)
        self.account_id = account.id
        app = http.build_app(_services(self))

        async def noting(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                self.requests.append(scope["path"])
            await app(scope, receive, send)

        config = uvicorn.Config(noting, ws="none", lifespan="off", log_config=None, access_log=False)
        self._uvicorn = uvicorn.Server(config)
        self._serving = asyncio.ensure_future(self._uvicorn._serve([listener]))  # `serve` would take the signals

    async def _close(self) -> None:
        self._uvicorn.should_exit = self._uvicorn.force_exit = True
        await self._serving
        await self.db.close()

    def close(self) -> None:
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class _Clock:
    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


def _services(server: Server) -> http.Services:
    async def accept(*_: object) -> http.StatusView:
        raise NotImplementedError

    async def find_status(*_: object) -> None:
        return None

    clock = _Clock(server.now)
    return http.Services(
        db=server.db, clock=clock, public_url=server.url, accept=accept, find_status=find_status,
        pages=sandbox_routes(server.db, KEYS, clock.now, server.url),
    )  # fmt: skip
