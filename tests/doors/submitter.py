"""A program that submits by SMTP, by hand; and a gate that stands in for the story."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from sendwright import smtp
from sendwright.doors.self_signed import self_signed_context
from sendwright.doors.smtp_shell import Share
from sendwright.doors.submission import SubmissionSmtp
from sendwright.submission import Arrival, Refusal, Taken

USER, PASSWORD = "abc@1.smtp.example.com", "swsmtp-right"
WRONG = Refusal(code=535, enhanced="5.7.8", text="user name or password is not right")
MESSAGE = b"Subject: Your receipt\r\n\r\nThank you.\r\n"

CONTEXT = self_signed_context("localhost")


@dataclass
class FakeGate:
    """Lets in who has the password, and takes all mail, unless the test says otherwise."""

    taken: list[Arrival] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refuse_sender: Refusal | None = None
    refuse_recipient: Refusal | None = None
    refuse_mail: Refusal | None = None
    fault: Exception | None = None
    at_work: asyncio.Event = field(default_factory=asyncio.Event)
    may_go_on: asyncio.Event | None = None

    async def log_in(self, username: str, password: str) -> str | Refusal:
        self._note("log_in")
        return username if password == PASSWORD else WRONG

    async def admit_sender(self, standing: str, mail: smtp.events.Mail) -> Refusal | None:
        self._note("admit_sender")
        return self.refuse_sender

    def admit_recipient(self, standing: str, rcpt: smtp.events.Rcpt) -> Refusal | None:
        self._note("admit_recipient")
        return self.refuse_recipient

    async def accept(self, standing: str, arrival: Arrival) -> Taken | Refusal:
        self._note("accept")
        self.at_work.set()
        if self.may_go_on is not None:
            await self.may_go_on.wait()
            self._fail()
        if self.refuse_mail is not None:
            return self.refuse_mail
        self.taken.append(arrival)
        return Taken(text=f"taken as {len(self.taken)}")

    def _note(self, question: str) -> None:
        self.asked.append(question)
        if self.may_go_on is None:
            self._fail()

    def _fail(self) -> None:
        if self.fault is not None:
            raise self.fault


@dataclass
class Seconds:
    """A clock that is moved by hand."""

    at: float = 1_000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Submitter:
    """One connection. Replies are given as text, the lines of one reply joined."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    greeting: str = ""

    @classmethod
    async def call(cls, port: int, *, host: str = "127.0.0.1") -> Self:
        made = cls(*await asyncio.open_connection(host, port))
        made.greeting = await made.hear()
        return made

    @classmethod
    async def call_inside_tls(cls, port: int) -> Self:
        made = cls(*await asyncio.open_connection("127.0.0.1", port, ssl=trusting()))
        made.greeting = await made.hear()
        return made

    async def hear(self) -> str:
        """The next reply; what was heard before the connection ended."""
        lines = []
        async with asyncio.timeout(5):
            while True:
                line = (await self.reader.readline()).decode()
                lines.append(line.rstrip("\r\n"))
                if line[3:4] != "-":
                    return "\n".join(lines)

    async def hear_all(self) -> str:
        """Everything up to the end of the connection."""
        async with asyncio.timeout(5):
            try:
                return (await self.reader.read()).decode()
            except OSError:
                return ""

    async def say(self, text: str | bytes) -> str:
        self.writer.write(text.encode() + b"\r\n" if isinstance(text, str) else text)
        return await self.hear()

    async def upgrade(self) -> None:
        await self.say("EHLO shop.example.com")
        assert (await self.say("STARTTLS")).startswith("220")
        await self.writer.start_tls(trusting())
        await self.say("EHLO shop.example.com")

    async def log_in(self, username: str = USER, password: str = PASSWORD) -> str:
        proof = base64.b64encode("\0".join(("", username, password)).encode())
        return await self.say(b"AUTH PLAIN " + proof + b"\r\n")

    async def submit(self, message: bytes = MESSAGE, sender: str = "shop@example.com") -> str:
        """The first refusal, or what the door said of the mail."""
        for command in (f"MAIL FROM:<{sender}>", "RCPT TO:<ada@example.org>", "DATA"):
            said = await self.say(command)
            if said[0] not in "23":
                return said
        return await self.say(message.replace(b"\r\n.", b"\r\n..") + b".\r\n")

    def close(self) -> None:
        self.writer.close()


def trusting() -> ssl.SSLContext:
    """Of a client that believes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@dataclass
class Bench:
    """An open door and who goes through it."""

    gate: FakeGate
    door: SubmissionSmtp[str]
    clock: Seconds
    port: int
    tls_port: int
    callers: list[Submitter] = field(default_factory=list)

    async def call(self) -> Submitter:
        """A stranger, in clear."""
        return self._seen(await Submitter.call(self.port))

    async def call_inside_tls(self) -> Submitter:
        return self._seen(await Submitter.call_inside_tls(self.tls_port))

    async def enter(self) -> Submitter:
        """Somebody who is logged in."""
        caller = await self.call_inside_tls()
        await caller.say("EHLO shop.example.com")
        assert (await caller.log_in()).startswith("235")
        return caller

    def pass_time(self, seconds: float) -> None:
        """Moves the clock, and looks at the deadlines as the door does every second."""
        self.clock.at += seconds
        self.door.shell.sweep()

    def _seen(self, caller: Submitter) -> Submitter:
        self.callers.append(caller)
        return caller


@asynccontextmanager
async def submission(**settings: Any) -> AsyncIterator[Bench]:
    """A door on free ports of this machine, its clock under our hands."""
    gate, clock = settings.pop("gate", None) or FakeGate(), Seconds()
    settings.setdefault("share", Share(drain=0.5, goodbye=0.2))
    settings.setdefault("failure_takes", 0.0)
    door: SubmissionSmtp[str] = SubmissionSmtp(
        gate, hostname="smtp.example.com", context=lambda: CONTEXT, monotonic=clock, **settings
    )
    callers: list[Submitter] = []
    try:
        async with door:
            yield Bench(
                gate,
                door,
                clock,
                await door.open_starttls("127.0.0.1", 0),
                await door.open_tls("127.0.0.1", 0),
                callers,
            )
    finally:
        for caller in callers:
            caller.close()
