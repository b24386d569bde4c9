"""An SMTP receiver on loopback that remembers: every message is on disk before it is answered with 250.

    with Sink(tmp_path / "received") as sink:
        ... route smtp://{sink.address} ...
        sink.wait_for(3)
        sink.script["DOT"] = "451 4.3.0 not now"

It runs in a thread of the test's process. ``script`` may be changed at any time: for a verb (GREETING, EHLO, MAIL,
RCPT, DATA, DOT, STARTTLS …) it gives the reply instead of the usual one, or :data:`HANG`, :data:`CLOSE`,
:data:`GARBAGE`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import threading
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

HANG: Final = "HANG"
CLOSE: Final = "CLOSE"
GARBAGE: Final = "GARBAGE"

_USUAL = {
    "GREETING": "220 sink.test ESMTP",
    "EHLO": "250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "DOT": "250 2.0.0 kept",
    "RSET": "250 2.0.0 ok",
    "NOOP": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}
_BAD = (HANG, CLOSE, GARBAGE)
_MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"<([^>]*)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One message for one recipient. ``at``: seconds on the machine's monotonic clock. ``digest``: of the octets."""

    message_id: str
    recipient: str
    mail_from: str
    digest: str
    at: float


class Sink:
    """The receiver. ``received`` grows; what is in it was flushed to ``file`` first."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.script: dict[str, str] = {}
        self.received: list[Receipt] = []
        self.heard: list[str] = []
        self.messages: dict[str, bytes] = {}
        self.keep_messages = True
        self.port = 0
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="sink", daemon=True)
        self._server: asyncio.Server | None = None
        self._open_gate = asyncio.Event()
        self._open_gate.set()
        self._talks: set[asyncio.Task[None]] = set()
        self._out = file.open("ab", buffering=0)
        self._flushing: asyncio.Future[None] | None = None

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self.port}"

    @property
    def route(self) -> str:
        """As the setting of the name."""
        return f"smtp://{self.address}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._out.close()

    def hold(self) -> None:
        """From now on a message is kept, and its answer waits for :meth:`let_go`."""
        self._loop.call_soon_threadsafe(self._open_gate.clear)

    def let_go(self) -> None:
        """The answers that wait are given."""
        self._loop.call_soon_threadsafe(self._open_gate.set)

    def wait_for(self, count: int, seconds: float = 20) -> list[Receipt]:
        """Until so many messages came in all; fails the test when they do not come in time."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.received) >= count, seconds)
        assert came, f"{len(self.received)} of {count} messages came within {seconds} s"
        return list(self.received)

    def wait_to_hear(self, verb: str, count: int = 1, seconds: float = 20) -> None:
        """Until so many commands of this verb came in all. GREETING and DOT count too."""
        with self._changed:
            came = self._changed.wait_for(lambda: self.heard.count(verb) >= count, seconds)
        assert came, f"{self.heard.count(verb)} of {count} {verb} came within {seconds} s"

    # --- inside the thread

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _call(self, step: Any) -> None:
        done: Future[None] = asyncio.run_coroutine_threadsafe(step, self._loop)
        done.result(10)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._talks):
            task.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await self._loop.shutdown_default_executor()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            await self._session(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._talks.discard(task)
            writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipients: list[str] = []
        sender = ""
        going = await self._answer("GREETING", reader, writer)
        while going and (line := (await reader.readline()).decode("utf-8", "replace")):
            verb = line.split(maxsplit=1)[0].upper() if line.strip() else "EMPTY"
            if verb == "MAIL":
                sender = next(iter(_ADDRESS.findall(line)), "")
            if verb == "RCPT" and self._reply("RCPT").startswith("2"):
                recipients += _ADDRESS.findall(line)
            going = await self._answer(verb, reader, writer) and verb != "QUIT"
            if going and verb == "DATA" and self._reply("DATA").startswith("3"):
                message = await reader.readuntil(b"\r\n.\r\n")
                going = await self._receive(message, sender, recipients, reader, writer)
                recipients = []

    async def _receive(
        self, message: bytes, sender: str, recipients: list[str], reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:  # fmt: skip
        """A message counts as received when the answer is good, or when none comes: then it may have been."""
        if self._reply("DOT").startswith("2") or self._reply("DOT") in _BAD:
            await self._keep(message, sender, recipients)
        await self._open_gate.wait()
        return await self._answer("DOT", reader, writer)

    async def _answer(self, verb: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        reply = self._reply(verb)
        with self._changed:
            self.heard.append(verb)
            self._changed.notify_all()
        if reply == HANG:
            await reader.read()
        if reply in (HANG, CLOSE):
            return False
        octets = b"\x16\xff\x00nonsense\x00\xff" * 20 if reply == GARBAGE else reply.encode() + b"\r\n"
        writer.write(octets)
        if verb == "STARTTLS":
            writer.write(b"\x16\x03\x07nonsense\x00\xff" * 20)
        await writer.drain()
        return not reply.startswith("421") and reply != GARBAGE and verb != "STARTTLS"

    def _reply(self, verb: str) -> str:
        return self.script.get(verb) or _USUAL.get(verb, "502 5.5.1 not here")

    async def _keep(self, message: bytes, sender: str, recipients: list[str]) -> None:
        found = _MESSAGE_ID.search(message)
        receipts = [
            Receipt(
                message_id=found.group(1).decode() if found else "", recipient=recipient, mail_from=sender,
                digest=hashlib.sha256(message).hexdigest(), at=self._loop.time(),
            )
            for recipient in recipients
        ]  # fmt: skip
        self._out.write("".join(json.dumps(asdict(receipt)) + "\n" for receipt in receipts).encode())
        await self._flush()
        with self._changed:
            self.received += receipts
            if self.keep_messages:
                self.messages |= {receipt.message_id: message for receipt in receipts}
            self._changed.notify_all()

    async def _flush(self) -> None:
        """Many connections share one flush: who comes while one runs waits for the next."""
        while self._flushing is not None:
            waited = self._flushing
            await asyncio.shield(waited)
            if self._flushing is waited:
                self._flushing = None
        self._flushing = self._loop.run_in_executor(None, os.fdatasync, self._out.fileno())
        await asyncio.shield(self._flushing)
