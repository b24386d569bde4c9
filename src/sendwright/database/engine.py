"""The ``Database``: writers, readers, announcements. The async face of the synchronous store functions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from sendwright.database import postgresql, sqlite
from sendwright.database.target import Target
from sendwright.database.writer import Job, Jobs, Writer

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_READERS = 4


class Unavailable(Exception):
    """The database cannot answer now: it is locked, full or gone. Nothing was promised; try again later."""


class Full(Unavailable):
    """There is no room to write it down. Nothing was promised; try again when somebody has made room."""


def announce(conn: Connection, topic: str) -> None:
    """Once this transaction is committed, wake whoever waits for ``topic``, in every process. It carries no facts."""
    conn.info["topics"].add(topic)


class Database:
    """An open database. Made by :func:`open_database`; use from one event loop."""

    def __init__(self, target: Target, dialect: sqlite.Sqlite | postgresql.PostgreSQL) -> None:
        self.target = target
        self._dialect = dialect
        self._jobs = Jobs()
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, list[Callable[[], None]]] = {}
        self._writers = [
            Writer(dialect.write_engine, self._jobs, self, batch=dialect.batch, name=f"writer-{n}")
            for n in range(dialect.writers)
        ]
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="reader")
        for writer in self._writers:
            writer.start()
        dialect.listen(self._heard)

    @property
    def backlog(self) -> int:
        """How many writes wait to be taken: the measure for back-pressure."""
        return self._jobs.qsize()

    @property
    def has_room(self) -> bool:
        """Whether anything new may begin. After a commit found no room: not before there is room again."""
        return self._dialect.ballast.is_aboard

    def require_room(self) -> None:
        """To be asked before something new is taken in. Raises :class:`Full`."""
        if not self.has_room:
            raise Full("the disk is full")

    async def look_for_room(self) -> bool:
        """Takes the ballast on again if it was thrown off and there is room now; whether there is."""
        return self.has_room or await asyncio.to_thread(self._dialect.ballast.take_on)

    async def write(self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs ``fn(conn, *args)`` in a group-committed transaction. Returns when it is on disk."""
        if kwargs:
            raise TypeError("write passes positional arguments only")
        return cast(R, await self._submit(fn, args, together=False))

    async def write_together(self, fn: Callable[[Connection, Sequence[T]], Sequence[R]], item: T) -> R:
        """Like :meth:`write`, but ``fn`` gets the items of all who wait, in order, and answers for each, in order."""
        return cast(R, await self._submit(fn, (item,), together=True))

    async def write_in_company(self, fn: Callable[[Connection, Sequence[T]], Sequence[R]], item: T) -> R:
        """Like :meth:`write_together`, for writes that nobody waits for: lets some milliseconds pass to gather more."""
        return cast(R, await self._submit(fn, (item,), together=True, patient=True))

    async def read(self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs ``fn(conn, *args)`` on a reader thread."""
        if kwargs:
            raise TypeError("read passes positional arguments only")
        return await self._loop.run_in_executor(self._readers, self._read, fn, args)

    def on(self, topic: str, wake: Callable[[], None]) -> None:
        """Calls ``wake`` on the event loop after each commit, of any process, that announced ``topic``."""
        self._waiting.setdefault(topic, []).append(wake)

    async def close(self) -> None:
        """Finishes what waits, then closes. On SQLite the write-ahead log is emptied into the file and erased."""
        for _ in self._writers:
            self._jobs.put(None)
        for writer in self._writers:
            await asyncio.to_thread(writer.join)
        await asyncio.to_thread(self._readers.shutdown)
        await asyncio.to_thread(self._dialect.close)

    def _submit(
        self, fn: Callable[..., Any], args: tuple[Any, ...], *, together: bool, patient: bool = False
    ) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = self._loop.create_future()
        self._jobs.put(Job(fn=fn, args=args, together=together, caller=future, patient=patient))
        return future

    def _read(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        try:
            with self._dialect.read_engine.connect() as conn:
                return fn(conn, *args)
        except SQLAlchemyError as fault:
            raise self._as_unavailable(fault) from fault

    def _heard(self, topic: str) -> None:
        """From any thread: somebody committed and announced."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, topic)

    def _wake(self, topic: str) -> None:
        for wake in self._waiting.get(topic, ()):
            wake()

    # Upkeep, called by the writers' threads

    def answered(self, jobs: Sequence[Job]) -> None:
        """All callers of a batch hear at once: waking the event loop costs more than telling them."""
        self._loop.call_soon_threadsafe(self._resolve_all, jobs)

    def failed(self, fault: SQLAlchemyError) -> None:
        """Frees the ballast when there was no room: the outcomes in flight must still fit."""
        if self._dialect.is_full(fault):
            self._dialect.ballast.throw_off()

    def before_commit(self, conn: Connection, topics: Iterable[str]) -> None:
        """Other processes hear of the topics with the commit."""
        self._dialect.before_commit(conn, topics)

    def after_commit(self, topics: Iterable[str]) -> None:
        """This process hears of them now."""
        for topic in topics:
            self._heard(topic)

    def _as_unavailable(self, fault: SQLAlchemyError) -> BaseException:
        return _as_unavailable(fault, Full if self._dialect.is_full(fault) else Unavailable)

    def _resolve_all(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._resolve(job.caller, job.answer, job.fault)

    def _resolve(self, future: asyncio.Future[Any], answer: Any, fault: BaseException | None) -> None:
        if future.done():  # the caller gave up waiting; what it asked for has happened all the same
            return
        if fault is None:
            future.set_result(answer)
        else:
            future.set_exception(self._as_unavailable(fault) if isinstance(fault, SQLAlchemyError) else fault)

    def between_batches(self, conn: Connection) -> None:
        """Checkpoints, where the dialect wants them."""
        self._dialect.between_batches(conn)


def open_database(target: Target, *, exclusive: bool = False, ballast: int = 0) -> Database:
    """Opens the database; call inside the event loop, after :func:`~sendwright.database.migrate.migrate`.

    ``exclusive``: for the serving process; on SQLite a second one is refused with :class:`~sqlite.AlreadyServed`.
    ``ballast``: octets that it keeps free on SQLite's disk, for outcomes (``ballast.py``); 0: none.
    """
    if target.file is not None:
        return Database(target, sqlite.Sqlite(target.file, exclusive=exclusive, ballast=ballast))
    return Database(target, postgresql.PostgreSQL(cast(str, target.url)))


def _as_unavailable(fault: SQLAlchemyError, kind: type[Unavailable]) -> BaseException:
    gone = isinstance(fault, OperationalError | InterfaceError) or (
        isinstance(fault, DBAPIError) and fault.connection_invalidated
    )
    if not gone:
        return fault
    unavailable = kind(str(getattr(fault, "orig", fault)).strip().splitlines()[0])
    unavailable.__cause__ = fault
    return unavailable
