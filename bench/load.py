"""The load generator: HTTP/1.1 over keep-alive connections, each waiting for its answer before it asks again.

A process of its own, with a job as one line of JSON on standard input and the result as one on standard output. It
reads just enough of an answer to know its status and its end, so that it takes little from who is measured.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import cast

import uvloop

NUMBER = "##########"
"""Where a request has this, each one sent has its own number, in as many digits."""
_LENGTH = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: *(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to ask. Ends after ``seconds``, or after ``count`` requests, and in any case at ``patience`` seconds."""

    ports: Sequence[int]
    """On loopback; connections are dealt out in turn."""
    connections: int
    requests: Sequence[str]
    """Whole requests, taken in turn."""
    status: int
    """What a good answer says."""
    seconds: float | None = None
    count: int | None = None
    first_number: int = 0
    patience: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came back. ``p50_ms`` and ``p99_ms`` are of good answers; ``cpu_us``: of this process, for each request."""

    started_at: float
    """On ``perf_counter``, which all processes share."""
    answers: int
    failures: int
    first_failure: str
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


@dataclass(slots=True)
class _Counts:
    job: Job
    patterns: list[list[bytes]]
    number: int
    asked: int = 0
    open_: int = 0
    failures: int = 0
    first_failure: str = ""
    took: list[float] = field(default_factory=list)
    ends_at: float = float("inf")

    def take(self) -> bytes | None:
        """The next request, or none when it is enough."""
        if self.asked == self.job.count or perf_counter() >= self.ends_at:
            return None
        self.asked += 1
        self.number += 1
        return (b"%010d" % self.number).join(self.patterns[self.number % len(self.patterns)])

    def fail(self, why: str) -> None:
        self.failures += 1
        self.first_failure = self.first_failure or why[:500]


class _Talk(asyncio.Protocol):
    """One connection."""

    def __init__(self, counts: _Counts, finished: asyncio.Future[None]) -> None:
        self._counts, self._finished = counts, finished
        self._good = b" %d " % counts.job.status
        self._got = b""
        self._asked_at = 0.0
        self._waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its classes
        self._counts.open_ += 1

    def ask(self) -> None:
        request = self._counts.take()
        if request is None:
            self._transport.close()
            return
        self._asked_at, self._waiting = perf_counter(), True
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        got = self._got + data if self._got else data
        head = got.find(b"\r\n\r\n")
        length = _LENGTH.search(got, 0, head) if head >= 0 else None
        if head < 0 or length is None or len(got) < head + 4 + int(length[1]):
            self._got = got
            if head >= 0 and length is None:
                self._break_off("an answer without Content-Length")
            return
        self._got, self._waiting = b"", False
        if got[8:13] == self._good:
            self._counts.took.append(perf_counter() - self._asked_at)
        else:
            self._counts.fail(got.decode("latin-1"))
        self.ask()

    def connection_lost(self, fault: Exception | None) -> None:
        self._counts.open_ -= 1
        if self._waiting:
            self._counts.fail(f"connection lost while an answer was due: {fault}")
        if self._counts.open_ == 0 and not self._finished.done():
            self._finished.set_result(None)

    def _break_off(self, why: str) -> None:
        self._counts.fail(why)
        self._transport.abort()


async def _work(job: Job) -> Result:
    loop = asyncio.get_running_loop()
    patterns = [[part.encode("latin-1") for part in request.split(NUMBER)] for request in job.requests]
    counts = _Counts(job=job, patterns=patterns, number=job.first_number)
    finished: asyncio.Future[None] = loop.create_future()
    talks = [
        (await loop.create_connection(lambda: _Talk(counts, finished), "127.0.0.1", job.ports[n % len(job.ports)]))[1]
        for n in range(job.connections)
    ]
    started, cpu = perf_counter(), _cpu()
    if job.seconds is not None:
        counts.ends_at = started + job.seconds
    for talk in talks:
        talk.ask()
    try:
        await asyncio.wait_for(finished, job.patience)
    except TimeoutError:
        counts.fail(f"no end within {job.patience:g} s")
    return _result(counts, started, _cpu() - cpu)


def _result(counts: _Counts, started: float, cpu: float) -> Result:
    took = sorted(counts.took)
    return Result(
        started_at=started, seconds=perf_counter() - started, answers=len(took), failures=counts.failures,
        first_failure=counts.first_failure,
        p50_ms=_percentile(took, 0.5) * 1000, p99_ms=_percentile(took, 0.99) * 1000,
        cpu_us=cpu / max(counts.asked, 1) * 1e6,
    )  # fmt: skip


def _percentile(ordered: Sequence[float], part: float) -> float:
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    result = uvloop.run(_work(Job(**json.loads(sys.stdin.readline()))))
    print(json.dumps(asdict(result)))
