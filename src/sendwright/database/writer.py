"""The writer: takes what waits, runs it in one transaction, commits once, and tells everybody.

Group commit: while one batch is being flushed to disk the next one gathers by itself, so no request waits for a timer.
Only jobs that are patient, all of them, wait some milliseconds for company.
A batch whose member fails is rolled back and its members are run again, each alone: one bad write spoils no other.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

WriteFn = Callable[..., Any]


@dataclass(slots=True)
class Job:
    """One caller's write. ``together`` jobs of the same ``fn`` are handed over in one call, as ``fn(conn, items)``."""

    fn: WriteFn
    args: tuple[Any, ...]
    together: bool
    caller: Any = None
    """Whoever waits: not looked at here, given back with the answer."""
    patient: bool = False
    """May wait some milliseconds for company: a commit costs the same for one as for twenty."""
    answer: Any = None
    fault: BaseException | None = None


_PATIENCE = 0.008  # seconds
_COMPANY = 32  # so many jobs need wait for no more


class Jobs:
    """What waits to be written. Any thread puts; one writer after the other takes a batch."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._taking = threading.Lock()
        self._wanted = 0
        """So many more are waited for by a writer with patience; 0: none waits."""
        self._hurry = threading.Event()

    def put(self, job: Job | None) -> None:
        """``None`` ends one writer. A writer that waits for company sleeps on: waking it for each would cost more."""
        self._queue.put(job)
        if self._wanted and (job is None or not job.patient or self._queue.qsize() >= self._wanted):
            self._hurry.set()

    def qsize(self) -> int:
        """How many wait."""
        return self._queue.qsize()

    def take(self, most: int) -> tuple[list[Job], bool]:
        """At least one job, waited for, unless the end came first; whether it came."""
        with self._taking:
            first = self._queue.get()
            if first is None:
                return [], True
            jobs = [first]
            last = self._drain(jobs, most)
            if not last and first.patient:
                last = self._wait_for_company(jobs, most)
            return jobs, last

    def _wait_for_company(self, jobs: list[Job], most: int) -> bool:
        company = min(_COMPANY, most)
        self._hurry.clear()
        self._wanted = company - len(jobs)
        # From now on whoever puts looks whether it is time; who came just before is found here.
        last = self._wanted > 0 and self._drain(jobs, most)
        if not last and len(jobs) < company and all(job.patient for job in jobs):
            self._wanted = company - len(jobs)
            self._hurry.wait(_PATIENCE)
        self._wanted = 0
        return last or self._drain(jobs, most)

    def _drain(self, jobs: list[Job], most: int) -> bool:
        while len(jobs) < most:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return False
            if job is None:
                return True
            jobs.append(job)
        return False


class Upkeep(Protocol):
    """What a dialect does beside the writes of a batch."""

    def before_commit(self, conn: Connection, topics: Iterable[str]) -> None: ...
    def after_commit(self, topics: Iterable[str]) -> None: ...
    def between_batches(self, conn: Connection) -> None: ...
    def failed(self, fault: SQLAlchemyError) -> None: ...
    def answered(self, jobs: Sequence[Job]) -> None: ...


class Writer:
    """One connection, one thread."""

    def __init__(self, engine: Engine, jobs: Jobs, upkeep: Upkeep, *, batch: int, name: str):
        self._engine, self._jobs, self._upkeep, self._batch = engine, jobs, upkeep, batch
        self._conn: Connection | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begins to take jobs. A ``None`` in the queue ends one writer."""
        self._thread.start()

    def join(self) -> None:
        """Waits until the writer has done all that came before its ``None``."""
        self._thread.join()

    def _run(self) -> None:
        last = False
        while not last:
            jobs, last = self._jobs.take(self._batch)
            if jobs:
                self._run_batch(jobs)
                self._upkeep.answered(jobs)
        self._drop_connection()

    def _run_batch(self, jobs: list[Job]) -> None:
        fault = self._attempt(jobs)
        if fault is None:
            return
        if len(jobs) == 1 or not isinstance(fault, _MemberFailed):
            for job in jobs:
                job.fault = fault.cause if isinstance(fault, _MemberFailed) else fault
            return
        for job in jobs:
            job.answer = job.fault = None
            self._run_batch([job])

    def _attempt(self, jobs: list[Job]) -> BaseException | None:
        """Runs the jobs in one transaction. A failed COMMIT is never replayed: it may have happened."""
        topics: set[str] = set()
        try:
            conn = self._connection()
            conn.info["topics"] = topics
            with conn.begin():
                _run_jobs(conn, jobs)
                self._upkeep.before_commit(conn, topics)
            self._upkeep.after_commit(topics)
            self._upkeep.between_batches(conn)
        except _MemberFailed as fault:
            self._tell(fault.cause)
            if _is_lost(fault.cause):
                self._drop_connection()
                return fault.cause
            return fault
        except SQLAlchemyError as fault:
            self._tell(fault)
            self._drop_connection()
            return fault
        return None

    def _tell(self, fault: BaseException) -> None:
        if isinstance(fault, SQLAlchemyError):
            self._upkeep.failed(fault)

    def _connection(self) -> Connection:
        if self._conn is None:
            self._conn = self._engine.connect()
        return self._conn

    def _drop_connection(self) -> None:
        conn, self._conn = self._conn, None
        if conn is None:
            return
        try:
            conn.invalidate()
            conn.close()
        except SQLAlchemyError:
            return


class _MemberFailed(Exception):
    def __init__(self, cause: BaseException):
        super().__init__(str(cause))
        self.cause = cause


def _run_jobs(conn: Connection, jobs: Sequence[Job]) -> None:
    grouped: dict[WriteFn, list[Job]] = {}
    for job in jobs:
        if job.together:
            grouped.setdefault(job.fn, []).append(job)
    try:
        for fn, members in grouped.items():
            answers = fn(conn, [member.args[0] for member in members])
            for member, answer in zip(members, answers, strict=True):
                member.answer = answer
        for job in jobs:
            if not job.together:
                job.answer = job.fn(conn, *job.args)
    except Exception as cause:
        raise _MemberFailed(cause) from cause


def _is_lost(cause: BaseException) -> bool:
    return isinstance(cause, DBAPIError) and cause.connection_invalidated
