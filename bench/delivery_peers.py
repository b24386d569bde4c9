"""A small world of mail servers in one process: a hundred sites, and the name server that tells where they are.

Each site has an address of its own on loopback, all with the same port. Orders come as lines of JSON:
``{"bad": true}`` makes two of them bad from the next connection on, one dead (it takes connections and never says a
word) and one a tarpit (each octet takes a second); ``{"bad": false}`` makes them good again and cuts what hangs.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

from tests.fakes.name_server import Zone, name_server

from bench.sink import free_port

SITES = 100
DEAD, TARPIT = 0, 1
"""The numbers of those that can be bad."""
_REPLIES = {b"EHLO": b"250 here\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}


def domain(number: int) -> str:
    """Of a site."""
    return f"site{number}.example"


def _address(number: int) -> str:
    return f"127.0.1.{number + 1}"


class _Site:
    def __init__(self, number: int) -> None:
        self._number = number
        self.bad = False
        self._hanging: set[asyncio.StreamWriter] = set()

    async def listen(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._talk, _address(self._number), port)

    def cut(self) -> None:
        for writer in self._hanging:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bad = self.bad
        self._hanging.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            async for reply in self._replies(reader, dead=bad and self._number == DEAD):
                await _say(writer, reply, slowly=bad)
        self._hanging.discard(writer)
        writer.close()

    async def _replies(self, reader: asyncio.StreamReader, *, dead: bool) -> AsyncIterator[bytes]:
        if dead:
            await reader.read()
            return
        yield b"220 here\r\n"
        while line := await reader.readline():
            verb = line[:4].upper().strip()
            yield _REPLIES.get(verb, b"250 fine\r\n")
            if verb == b"DATA":
                await reader.readuntil(b"\r\n.\r\n")
                yield b"250 taken\r\n"
            if verb == b"QUIT":
                return


async def _say(writer: asyncio.StreamWriter, reply: bytes, *, slowly: bool) -> None:
    for piece in [reply[n : n + 1] for n in range(len(reply))] if slowly else [reply]:
        writer.write(piece)
        await writer.drain()
        if slowly:
            await asyncio.sleep(1)


def _zone() -> Zone:
    zone: dict[tuple[str, str], list[str]] = {}
    for number in range(SITES):
        zone[domain(number), "MX"] = [f"10 mx.{domain(number)}."]
        zone[f"mx.{domain(number)}", "A"] = [_address(number)]
    return zone


async def _serve() -> None:
    sites, port = [_Site(number) for number in range(SITES)], free_port()
    async with AsyncExitStack() as stack:
        for site in sites:
            await stack.enter_async_context(await site.listen(port))
        names = await stack.enter_async_context(name_server(_zone()))
        print(json.dumps({"port": port, "resolver": names.address}), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            for number in (DEAD, TARPIT):
                sites[number].bad = json.loads(line)["bad"]
                sites[number].cut()
            print("{}", flush=True)


if __name__ == "__main__":
    asyncio.run(_serve())
