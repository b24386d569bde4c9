"""The load generator for submission: SMTP clients that wait for each reply before they say the next thing.

A process of its own, with a job as one line of JSON on standard input and the result as one on standard output. Another
line on its input ends the run early. It makes each mail's few own lines, reads a reply's code and end and nothing more.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import resource
import ssl
import sys
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import cast

import uvloop

from bench.submission_mails import MAILS, SENDER, Mail

_CLIENTS_OF_AN_ADDRESS = 40
"""A server may limit the connections of an address; 127.0.0.0/8 has many."""
_MAIL_FROM = b"MAIL FROM:<%s> SIZE=%%d\r\n" % SENDER.encode()
_LATER = b"452"
_LATER_SECONDS = 0.2
"""How long a client waits that is told at MAIL to come again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to send. Ends after ``seconds``, or after ``count`` mails, and in any case at ``patience`` seconds."""

    ports: Sequence[int]
    """On loopback; connections are dealt out in turn."""
    clients: int
    mail: str
    """Which of the mails: small, receipt, large."""
    tls: bool = False
    """From the first octet on; the certificate is not checked."""
    username: str = ""
    password: str = ""
    """AUTH PLAIN, unless both are empty."""
    per_message: bool = False
    """A session for each mail; otherwise sessions are used again and again."""
    pace: float | None = None
    """So many mails in a second, evenly from all clients; None: as fast as the replies come."""
    seconds: float | None = None
    count: int | None = None
    patience: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came back. ``p50_ms`` and ``p99_ms`` are of accepted mails, from MAIL on (from connecting on, with a session
    for each; from when it was due, with a pace); ``cpu_us``: of this process, for each mail."""

    started_at: float
    """On ``perf_counter``, which all processes share."""
    accepted: int
    put_off: int
    """How often a client was told at MAIL to come again later, and did."""
    failures: int
    first_failure: str
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


class _Run:
    """What all clients share."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.mail: Mail = MAILS[job.mail](os.getpid())
        self.tls = _unchecked() if job.tls else None
        secret = f"\0{job.username}\0{job.password}".encode()
        self.auth = b"AUTH PLAIN %s\r\n" % base64.b64encode(secret) if job.username else b""
        self.number = 0
        self.working = job.clients
        self.parked: list[Callable[[], None]] = []
        self.took: list[float] = []
        self.put_off = 0
        self.failures = 0
        self.first_failure = ""
        self.started_at = self.cpu = 0.0
        self.ends_at = float("inf")
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def begin(self) -> None:
        """The clock runs."""
        self.started_at, self.cpu = perf_counter(), _cpu()
        if self.job.seconds is not None:
            self.ends_at = self.started_at + self.job.seconds

    def park(self, go_on: Callable[[], None]) -> None:
        """Until all clients are connected and logged in."""
        self.parked.append(go_on)
        if len(self.parked) == self.job.clients:
            self.begin()
            for waiting in self.parked:
                waiting()

    def take(self) -> int | None:
        """The next mail's number, or none when it is enough."""
        if self.number == self.job.count or perf_counter() >= self.ends_at:
            return None
        self.number += 1
        return self.number

    def fail(self, why: str) -> None:
        """One wrong reply spoils the run: it ends at once."""
        self.failures += 1
        self.first_failure = self.first_failure or why[:500]
        self._finish()

    def leave(self) -> None:
        self.working -= 1
        if self.working == 0:
            self._finish()

    def _finish(self) -> None:
        if not self.finished.done():
            self.finished.set_result(None)

    def end(self) -> None:
        self.ends_at = 0.0


@dataclass(slots=True)
class _Wait:
    """Instead of something to say: nothing until then, on ``perf_counter``; until the start, when it is 0."""

    until: float


_START = _Wait(0.0)
_Step = tuple[bytes, bytes] | _Wait
"""What to say and the code that must come back; at MAIL another one may."""
_Steps = Generator[_Step, bytes, None]
"""Is sent the code that came back."""


@dataclass(slots=True)
class _Client:
    """One after the other, its sessions."""

    run: _Run
    number: int
    due: float = 0.0
    began: float = 0.0
    in_hand: int = 0
    """The number of the mail that has a session to itself."""

    async def connect(self) -> None:
        job = self.run.job
        self.began = perf_counter()
        group = self.number // _CLIENTS_OF_AN_ADDRESS
        await asyncio.get_running_loop().create_connection(
            lambda: _Session(self), "127.0.0.1", job.ports[self.number % len(job.ports)], ssl=self.run.tls,
            local_addr=(f"127.0.0.{1 + group}", 0) if group else None,
        )  # fmt: skip

    def steps(self) -> _Steps:
        """A whole session."""
        yield b"", b"220"
        yield b"EHLO client.example.com\r\n", b"250"
        if self.run.auth:
            yield self.run.auth, b"235"
        if self.run.job.per_message:
            yield from self._mail(self.in_hand, self.began)
        else:
            yield _START
            yield from self._mails()
        yield b"QUIT\r\n", b"221"

    def _mails(self) -> _Steps:
        job = self.run.job
        apart = job.clients / job.pace if job.pace else 0.0
        self.due = perf_counter() + apart * self.number / job.clients
        while True:
            if apart and self.due > perf_counter():
                yield _Wait(self.due)
            number = self.run.take()
            if number is None:
                return
            yield from self._mail(number, self.due if apart else perf_counter())
            self.due += apart

    def _mail(self, number: int, began: float) -> _Steps:
        mail = self.run.mail
        line = _MAIL_FROM % (len(mail.head(number)) + len(mail.body))
        while (yield line, b"250") == _LATER:
            self.run.put_off += 1
            yield _Wait(perf_counter() + _LATER_SECONDS)
        yield b"RCPT TO:<%s>\r\n" % mail.recipient(number), b"250"
        yield b"DATA\r\n", b"354"
        yield b"%s%s.\r\n" % (mail.head(number), mail.body), b"250"
        self.run.took.append(perf_counter() - began)

    def again(self) -> None:
        """After a session: the next one, if each mail has its own and there is one more."""
        number = self.run.take() if self.run.job.per_message else None
        if number is None:
            self.run.leave()
            return
        self.in_hand = number
        task = asyncio.get_running_loop().create_task(self.connect())
        task.add_done_callback(self._connected)

    def _connected(self, task: asyncio.Task[None]) -> None:
        if fault := task.exception():
            self.run.fail(f"no connection: {fault}")
            self.run.leave()


class _Session(asyncio.Protocol):
    """One connection."""

    def __init__(self, client: _Client) -> None:
        self._client = client
        self._steps = client.steps()
        self._got = b""
        self._due = self._said = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its classes
        self._transport.set_write_buffer_limits(high=1 << 30)  # a whole mail; nobody asks us to pause
        self._take(next(self._steps))

    def data_received(self, data: bytes) -> None:
        got = self._got + data if self._got else data
        last = got.rfind(b"\n", 0, -1) + 1
        if not got.endswith(b"\n") or got[last + 3 : last + 4] == b"-":
            self._got = got
            return
        self._got = b""
        code = got[last : last + 3]
        if code == self._due or (code == _LATER and self._said.startswith(b"MAIL")):
            self._go_on(code)
        else:
            self._client.run.fail(f"{got.decode('latin-1').strip()} instead of {self._due.decode()}")
            self._transport.abort()

    def connection_lost(self, fault: Exception | None) -> None:
        if self._due != b"bye":
            self._client.run.fail(f"connection lost before {self._due.decode()}: {fault}")
            self._client.run.leave()
        else:
            self._client.again()

    def _go_on(self, code: bytes = b"") -> None:
        try:
            self._take(self._steps.send(code))
        except StopIteration:
            self._due = b"bye"
            self._transport.close()

    def _take(self, step: _Step) -> None:
        if step is _START:
            self._client.run.park(self._go_on)
        elif isinstance(step, _Wait):
            asyncio.get_running_loop().call_later(max(step.until - perf_counter(), 0.0), self._go_on)
        else:
            self._said, self._due = step
            if self._said:
                self._transport.write(self._said)


async def _work(job: Job) -> Result:
    run = _Run(job)
    clients = [_Client(run, number) for number in range(job.clients)]
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), run.end)
    if job.per_message:
        run.begin()
        for client in clients:
            client.again()
    else:
        for client in clients:
            await client.connect()
    try:
        await asyncio.wait_for(run.finished, job.patience)
    except TimeoutError:
        run.fail(f"no end within {job.patience:g} s")
    loop.remove_reader(sys.stdin.fileno())
    return _result(run)


def _result(run: _Run) -> Result:
    took = sorted(run.took)
    return Result(
        started_at=run.started_at, seconds=perf_counter() - run.started_at, accepted=len(took), put_off=run.put_off,
        failures=run.failures, first_failure=run.first_failure,
        p50_ms=_percentile(took, 0.5) * 1000, p99_ms=_percentile(took, 0.99) * 1000,
        cpu_us=(_cpu() - run.cpu) / max(len(took), 1) * 1e6,
    )  # fmt: skip


def _unchecked() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _percentile(ordered: Sequence[float], part: float) -> float:
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    result = uvloop.run(_work(Job(**json.loads(sys.stdin.readline()))))
    print(json.dumps(asdict(result)))
