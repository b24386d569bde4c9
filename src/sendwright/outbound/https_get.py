"""One GET by HTTPS, as a policy is fetched: from a given address, for a given name, with every limit, no redirect."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass

import httptools

_HEADERS = 16 * 1024
_CHUNK = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An answer that came whole. `media` is the content type without its parameters, in lower case."""

    status: int
    media: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPage:
    """Why there is no answer; safe to show. `untrusted`: the certificate is not valid for the name."""

    reason: str
    untrusted: bool = False


class _Reading:
    """What the parser tells."""

    def __init__(self) -> None:
        self.media = ""
        self.body = bytearray()
        self.whole = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-type":
            self.media = value.decode("latin-1").partition(";")[0].strip().lower()

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.whole = True


async def get(
    host: str, path: str, *, ip: str, port: int, context: ssl.SSLContext, most: int, limit: float
) -> Page | NoPage:
    """The page, of at most `most` octets, within `limit` seconds. Nothing but this address is connected to."""
    try:
        async with asyncio.timeout(limit):
            reader, writer = await asyncio.open_connection(ip, port, ssl=context, server_hostname=host)
            try:
                asked = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Sendwright\r\nConnection: close\r\n\r\n"
                writer.write(asked.encode("ascii"))
                return await _answer(reader, most)
            finally:
                writer.transport.abort()
                with suppress(OSError):
                    await writer.wait_closed()
    except ssl.SSLCertVerificationError as fault:
        return NoPage(reason=f"its certificate is not valid: {fault.verify_message}", untrusted=True)
    except TimeoutError:
        return NoPage(reason=f"no answer within {limit:g} s")
    except (OSError, httptools.HttpParserError) as fault:
        return NoPage(reason=str(fault)[:200] or type(fault).__name__)


async def _answer(reader: asyncio.StreamReader, most: int) -> Page | NoPage:
    reading, read = _Reading(), 0
    parser = httptools.HttpResponseParser(reading)
    while not reading.whole:
        chunk = await reader.read(_CHUNK)
        read += len(chunk)
        if not chunk:
            return NoPage(reason="the answer ended early")
        if read > most + _HEADERS or len(reading.body) > most:
            return NoPage(reason=f"the answer is longer than {most} octets")
        parser.feed_data(chunk)
    return Page(status=parser.get_status_code(), media=reading.media, body=bytes(reading.body))
