"""SQLite: one file, one writer, many readers.

One connection does all writes *and* all checkpoints of the serving process. SQLite before 3.51.3 can corrupt a file
when one connection commits while another runs a second checkpoint (the "WAL-reset" bug), so a command line that writes
beside a running server takes the lock that the server takes around its checkpoints, and never checkpoints itself.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from sendwright.database.ballast import Ballast, is_full
from sendwright.failpoints import failpoint

_CHECKPOINT_BYTES = 4 * 1024 * 1024
"""Writes wait while so much of the log is brought into the file: some 30 ms on a slow disk. More at once costs less in
all, and lets the slowest answers become slower."""
_CHECKPOINT_EVERY = 8  # batches
_BUSY_MILLISECONDS = 5000


class AlreadyServed(Exception):
    """Another process serves this data directory. Stop it first, or use PostgreSQL to run several."""


class Sqlite:
    """The engines of one file, and the upkeep of its write-ahead log."""

    writers = 1
    batch = 500

    def __init__(self, file: Path, *, exclusive: bool, ballast: int = 0) -> None:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)  # here only: a connection never makes a new file where an old one has gone
        self._file = file
        self._wal = file.with_name(file.name + "-wal")
        self._exclusive = exclusive
        self._serve_lock = _lock(file.with_name(file.name + ".serve"), blocking=False) if exclusive else None
        self.ballast = Ballast(file.with_name(file.name + ".ballast"), ballast if exclusive else 0)
        self.ballast.take_on()
        self._commit_lock_file = file.with_name(file.name + ".commit")
        self._commit_lock: IO[str] | None = None
        self._batches = 0
        self.write_engine = _engine(file, writes=True)
        self.read_engine = _engine(file, writes=False)

    def listen(self, heard: Callable[[str], None]) -> None:
        """Nobody to listen to: one process owns the file."""

    def is_full(self, fault: SQLAlchemyError) -> bool:
        """Whether this came about because the disk is full. SQLite says so only where it writes, not where it maps."""
        cause = getattr(fault, "orig", None)
        if not isinstance(cause, sqlite3.OperationalError):
            return False
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        return code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and is_full(self._file.parent))

    def before_commit(self, conn: Connection, topics: Iterable[str]) -> None:
        """A command line beside the server commits only while the server does not checkpoint."""
        if not self._exclusive and self._commit_lock is None:
            self._commit_lock = _lock(self._commit_lock_file, blocking=True)

    def between_batches(self, conn: Connection) -> None:
        """Moves the log into the file once it has grown, in the serving process only.

        Raises when the file went away meanwhile: what was committed to a file without a name is lost.
        """
        self._release_commit_lock()
        _refuse_if_gone(conn, self._file, self._wal)
        self._batches += 1
        if self._exclusive and self._batches >= _CHECKPOINT_EVERY and self._wal_bytes() > _CHECKPOINT_BYTES:
            self._batches = 0
            try:
                self._checkpoint(conn, "PASSIVE")
            except (sqlite3.Error, OSError):
                return  # no room, or a reader in the way: the log keeps all until a later one works

    def close(self) -> None:
        """Empties the log into the file and erases it: what was deleted before is then gone from the disk."""
        self._release_commit_lock()
        self.read_engine.dispose()
        if self._exclusive:
            self._empty_log()
            self.ballast.put_away()
        self.write_engine.dispose()
        if self._serve_lock is not None:
            self._serve_lock.close()

    def _empty_log(self) -> None:
        try:
            with self.write_engine.connect() as conn:
                self._checkpoint(conn, "TRUNCATE")
        except (SQLAlchemyError, sqlite3.Error, OSError):
            return  # no room, or no file any more: a log that is left is read at the next start

    def _release_commit_lock(self) -> None:
        if self._commit_lock is not None:
            self._commit_lock.close()
            self._commit_lock = None

    def _wal_bytes(self) -> int:
        try:
            return os.stat(self._wal).st_size
        except FileNotFoundError:
            return 0

    def _checkpoint(self, conn: Connection, mode: str) -> None:
        failpoint("M1")
        connection: Any = conn.connection.dbapi_connection  # beneath SQLAlchemy, which would open a transaction first
        with _lock(self._commit_lock_file, blocking=True):
            connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()


def _engine(file: Path, *, writes: bool) -> Engine:
    engine = create_engine(
        f"sqlite:///file:{quote(str(file.absolute()))}?mode=rw&uri=true",
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=8,
        hide_parameters=True,  # an error must not tell a stranger's values to the log
        connect_args={"check_same_thread": False, "timeout": _BUSY_MILLISECONDS / 1000, "cached_statements": 512},
    )

    def set_up(connection: Any, record: Any) -> None:
        record.info[_IDENTITY] = _identity(file)
        (_set_up_writer if writes else _set_up_reader)(connection)

    def begin(conn: Connection) -> None:
        _refuse_if_gone(conn, file)
        conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", begin)
    return engine


_IDENTITY = "sendwright.file"


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(file)
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino)


def _refuse_if_gone(conn: Connection, file: Path, *beside: Path) -> None:
    """SQLite goes on writing to a file that was deleted or replaced, and all of it would be lost."""
    if _identity(file) == conn.info[_IDENTITY] and all(each.exists() for each in beside):
        return
    conn.invalidate()  # the next connection is to the file that is there then
    gone = sqlite3.OperationalError(f"the database file {file} is gone or was replaced: put it back")
    raise OperationalError("BEGIN", None, gone)


def _set_up_writer(connection: Any) -> None:
    _pragmas(connection, "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "journal_size_limit=1048576")


def _set_up_reader(connection: Any) -> None:
    _pragmas(connection, "query_only=ON")


def _pragmas(connection: Any, *own: str) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: a deferred BEGIN cannot be upgraded under load
    for pragma in (f"busy_timeout={_BUSY_MILLISECONDS}", *own, "wal_autocheckpoint=0", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _lock(file: Path, *, blocking: bool) -> IO[str]:
    """An advisory lock that ends with the process. Raises :class:`AlreadyServed` when it is held and we do not wait."""
    handle = file.open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if blocking else fcntl.LOCK_NB))
    except BlockingIOError as fault:
        handle.close()
        raise AlreadyServed(
            f"another process serves {file.parent}: stop it first, or run several on PostgreSQL (--database)"
        ) from fault
    return handle
