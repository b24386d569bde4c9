"""A web server on loopback that gives one answer, as a policy host of MTA-STS does.

async with policy_host(shown.context) as host:
    host.answer = page("version: STSv1\\n…")
    ... fetch from host.port ...
assert host.asked == 1
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


def page(body: str | bytes, status: str = "200 OK", kind: str = "text/plain; charset=utf-8", *fields: str) -> bytes:
    """A whole answer."""
    octets = body.encode() if isinstance(body, str) else body
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(octets)}", *fields, "", ""]
    return "\r\n".join(head).encode() + octets


@dataclass
class PolicyHost:
    """`answer` None: it is silent."""

    answer: bytes | None = None
    port: int = 0
    heard: list[str] = field(default_factory=list)

    @property
    def asked(self) -> int:
        return len(self.heard)


@asynccontextmanager
async def policy_host(context: ssl.SSLContext, host: str = "127.0.0.1") -> AsyncIterator[PolicyHost]:
    seen = PolicyHost()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            seen.heard.append((await reader.readuntil(b"\r\n\r\n")).decode())
            if seen.answer is None:
                await reader.read()
            else:
                writer.write(seen.answer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, host, 0, ssl=context)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
