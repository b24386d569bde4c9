"""The least that accepts a single send: Starlette on uvicorn, validated, one durable row, many rows in one commit.

``python -m bench.peers.skeleton FILE`` serves on a free port of loopback until it is told to stop.
"""

from __future__ import annotations

import asyncio
import json
import queue
import socket
import sqlite3
import sys
import threading
import uuid
from typing import Any

import uvicorn
from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from typing_extensions import TypedDict

_BATCH = 500


class _Message(TypedDict):
    to: str


class _Send(TypedDict):
    emailId: int
    message: _Message
    contactProperties: dict[str, str]
    customProperties: dict[str, Any]


_shape = TypeAdapter(_Send)
_Row = tuple[str, str, bytes]


class Store:
    """One writer thread; while it waits for the disk, the next batch gathers."""

    def __init__(self, file: str, table: str) -> None:
        self._file = file
        self._statement = f"INSERT INTO {table} VALUES "  # noqa: S608 - our own constant
        self._table = table
        self._jobs: queue.SimpleQueue[tuple[_Row, asyncio.Future[None]]] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, daemon=True).start()

    async def insert(self, row: _Row) -> None:
        """Returns when the row is on disk."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._jobs.put((row, future))
        await future

    def _run(self) -> None:
        connection = sqlite3.connect(self._file, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"CREATE TABLE {self._table} (id TEXT PRIMARY KEY, recipient TEXT, body BLOB)")
        while True:
            jobs = [self._jobs.get()]
            while len(jobs) < _BATCH and not self._jobs.empty():
                jobs.append(self._jobs.get())
            connection.execute("BEGIN IMMEDIATE")
            places = ",".join(["(?,?,?)"] * len(jobs))
            connection.execute(self._statement + places, [value for row, _ in jobs for value in row])
            connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_tell, [future for _, future in jobs])


def _tell(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


async def _accept(request: Request) -> Response:
    body = await request.body()
    try:
        send = _shape.validate_json(body)
    except ValidationError:
        return Response(status_code=400)
    number = str(uuid.uuid4())
    await request.app.state.store.insert((number, send["message"]["to"], body))
    return Response(json.dumps({"statusId": number, "status": "PENDING"}), media_type="application/json")


async def serve(app: Any, listener: socket.socket) -> None:
    """Says where it listens, then answers until it is told to stop."""
    print(json.dumps({"ready": True, "port": listener.getsockname()[1]}), flush=True)
    config = uvicorn.Config(app, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False)
    await uvicorn.Server(config).serve(sockets=[listener])


def listen() -> socket.socket:
    """A free port of loopback."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    return listener


async def _main() -> None:
    app = Starlette(routes=[Route("/{path:path}", _accept, methods=["POST"])])
    app.state.store = Store(sys.argv[1], "sends")
    await serve(app, listen())


if __name__ == "__main__":
    import uvloop

    uvloop.run(_main())
