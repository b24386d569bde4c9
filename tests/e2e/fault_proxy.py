"""A proxy between the program and a receiver that makes the network misbehave.

    with FaultProxy(sink.port) as proxy:
        ... route smtp://127.0.0.1:{proxy.port} ...
        proxy.fault = Tarpit(0.05)

``fault`` holds for connections that come from then on.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Clear:
    """Passes everything on."""


@dataclass(frozen=True)
class BlackHole:
    """Takes the connection and everything said on it; says nothing, ever."""


@dataclass(frozen=True)
class Tarpit:
    """The receiver's answers arrive octet by octet, with so many seconds between."""

    seconds: float


@dataclass(frozen=True)
class Flapping:
    """Of every so many connections all but the last are cut at once."""

    every: int


@dataclass(frozen=True)
class CutAfter:
    """Cut off once the program has said so many octets; the receiver gets them all."""

    octets: int


@dataclass(frozen=True)
class HangAfterDot:
    """The receiver gets the whole message; what it answers to the final dot never arrives."""


Fault = Clear | BlackHole | Tarpit | Flapping | CutAfter | HangAfterDot

_DOT = b"\r\n.\r\n"


class FaultProxy:
    """Listens on loopback; a thread of its own."""

    def __init__(self, port: int) -> None:
        self.fault: Fault = Clear()
        self.port = 0
        self.connections = 0
        self._to = port
        self._turns = itertools.count(1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def route(self) -> str:
        """As the setting of the name."""
        return f"smtp://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut_all(self) -> None:
        """Ends every connection now."""
        self._call(self._cut())

    def _call(self, step: Any) -> None:
        asyncio.run_coroutine_threadsafe(step, self._loop).result(10)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._cut()

    async def _cut(self) -> None:
        for task in list(self._talks):
            task.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        self.connections += 1
        try:
            await self._misbehave(self.fault, reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._talks.discard(task)
            writer.close()

    async def _misbehave(self, fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(fault, BlackHole):
            while await reader.read(65536):
                pass
            return
        if isinstance(fault, Flapping) and next(self._turns) % fault.every:
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        try:
            async with asyncio.TaskGroup() as group:
                seen = _Seen()
                back = group.create_task(_bring_back(fault, seen, far_reader, writer))
                await _bring_there(fault, seen, reader, far_writer)
                back.cancel()
        except* ConnectionError:
            pass
        finally:
            far_writer.close()
            with suppress(ConnectionError):
                await far_writer.wait_closed()


@dataclass
class _Seen:
    """How much the program has said, and whether it said the final dot."""

    octets: int = 0
    tail: bytes = b""
    dot: bool = False


async def _bring_there(
    fault: Fault, seen: _Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:  # fmt: skip
    while said := await reader.read(65536):
        if isinstance(fault, CutAfter):
            said = said[: fault.octets - seen.octets]
        seen.octets += len(said)
        seen.tail = (seen.tail + said)[-len(_DOT) - 65536 :]
        seen.dot = seen.dot or _DOT in seen.tail
        writer.write(said)
        await writer.drain()
        if isinstance(fault, CutAfter) and seen.octets >= fault.octets:
            return


async def _bring_back(
    fault: Fault, seen: _Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:  # fmt: skip
    while said := await reader.read(65536):
        if isinstance(fault, HangAfterDot) and seen.dot:
            continue
        pieces = [bytes([octet]) for octet in said] if isinstance(fault, Tarpit) else [said]
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            if isinstance(fault, Tarpit):
                await asyncio.sleep(fault.seconds)
    writer.close()
