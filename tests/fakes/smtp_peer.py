"""A mail server that follows a script, also a bad one.

    async with scripted([Say("220 hi"), Expect("EHLO"), Say("250 mx"), Hang()]) as peer:
        ... connect to peer.port ...
    assert peer.heard[0] == ["EHLO client.example.com"]

With several scripts the first connection gets the first, and so on; the last one repeats.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import cast

from sendwright.doors.self_signed import self_signed_context


@dataclass(frozen=True)
class Say:
    """Lines, each given its CRLF."""

    text: str


@dataclass(frozen=True)
class SayRaw:
    """Octets as they are."""

    octets: bytes


@dataclass(frozen=True)
class Expect:
    """A line that begins so; anything else ends the connection and is noted in `wrong`."""

    start: str


@dataclass(frozen=True)
class ExpectMessage:
    """Octets up to the lone dot."""


@dataclass(frozen=True)
class Hang:
    """Says nothing more until the client goes."""


@dataclass(frozen=True)
class Deaf:
    """Reads nothing more, until the client goes."""


@dataclass(frozen=True)
class Close:
    """Closes at once."""


@dataclass(frozen=True)
class Trickle:
    """Sends these octets one by one, over and over, until the client goes."""

    octets: bytes


@dataclass(frozen=True)
class Upgrade:
    """Negotiates TLS."""


Step = Say | SayRaw | Expect | ExpectMessage | Hang | Deaf | Close | Trickle | Upgrade
Script = Sequence[Step]

EHLO = (Say("220 mx.test ESMTP"), Expect("EHLO"), Say("250-mx.test\n250-PIPELINING\n250 8BITMIME"))
ENVELOPE = (Expect("MAIL"), Say("250 ok"), Expect("RCPT"), Say("250 ok"), Expect("DATA"), Say("354 go on"))
ONE_MESSAGE = (*ENVELOPE, ExpectMessage(), Say("250 2.0.0 taken"))
BYE = (Expect("QUIT"), Say("221 bye"), Close())


@dataclass
class Peer:
    """What the scripted server saw. `port` is where it listens on 127.0.0.1."""

    port: int = 0
    connections: int = 0
    came_from: list[str] = field(default_factory=list)
    heard: list[list[str]] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@asynccontextmanager
async def scripted(
    *scripts: Script,
    host: str = "127.0.0.1",
    port: int = 0,
    implicit_tls: bool = False,
    context: ssl.SSLContext | None = None,
) -> AsyncIterator[Peer]:
    """`context`: what it shows inside TLS; without it a certificate nobody vouches for."""
    peer = Peer()
    if context is None and (implicit_tls or any(Upgrade() in script for script in scripts)):
        context = self_signed_context("mx.test")
    writers: set[asyncio.StreamWriter] = set()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, peer.connections = peer.connections, peer.connections + 1
        peer.heard.append([])
        peer.came_from.append(writer.get_extra_info("peername")[0])
        writers.add(writer)
        try:
            await _play(peer, number, scripts[min(number, len(scripts) - 1)], reader, writer, context)
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(play, host, port, limit=2**26, ssl=context if implicit_tls else None)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        for writer in writers:
            with suppress(OSError):
                await writer.wait_closed()


async def _play(
    peer: Peer,
    number: int,
    script: Script,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    context: ssl.SSLContext | None,
) -> None:
    for step in script:
        match step:
            case Say(text=text):
                writer.write(b"".join(line.encode() + b"\r\n" for line in text.split("\n")))
            case SayRaw(octets=octets):
                writer.write(octets)
            case Expect(start=start):
                line = (await reader.readuntil(b"\r\n"))[:-2].decode("utf-8", "replace")
                peer.heard[number].append(line)
                if not line.upper().startswith(start):
                    peer.wrong.append(f"expected {start}, heard {line}")
                    return
            case ExpectMessage():
                peer.messages.append(await _message(reader))
            case Hang():
                await reader.read()
                return
            case Deaf():
                cast(asyncio.Transport, writer.transport).pause_reading()
                await writer.wait_closed()
            case Close():
                return
            case Trickle(octets=octets):
                await _trickle(octets, reader, writer)
            case Upgrade():
                assert context is not None
                await writer.start_tls(context)
        await writer.drain()


async def _message(reader: asyncio.StreamReader) -> bytes:
    return (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n.", b"\r\n")


async def _trickle(octets: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not reader.at_eof():
        for octet in octets:
            if writer.is_closing():  # uvloop does not suffer a word to a client that has gone
                return
            writer.write(bytes([octet]))
            await writer.drain()
            await asyncio.sleep(0.001)
