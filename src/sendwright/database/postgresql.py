"""PostgreSQL: any number of processes and machines on one server. Several writers, each with group commit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import psycopg
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from sendwright.database.ballast import Ballast

_CHANNEL = "sendwright"
_LISTEN_AGAIN = 1.0
_NOTHING = ""  # a topic that nobody waits for


class PostgreSQL:
    """The engines of one server, and its announcements."""

    writers = 4
    batch = 50

    def __init__(self, url: str) -> None:
        self._url = url
        self.ballast = Ballast(Path(), 0)  # the server's disk is the server's
        options = "-c idle_in_transaction_session_timeout=30000 -c application_name=sendwright"
        self.write_engine = create_engine(
            url, pool_size=self.writers, hide_parameters=True, connect_args={"options": options}
        )
        self.read_engine = create_engine(
            url, pool_size=4, max_overflow=4, pool_pre_ping=True, hide_parameters=True, isolation_level="AUTOCOMMIT",
            connect_args={"options": options + " -c default_transaction_read_only=on -c statement_timeout=20000"},
        )  # fmt: skip
        self._ended = threading.Event()
        self._listener: threading.Thread | None = None

    def listen(self, heard: Callable[[str], None]) -> None:
        """Hears the announcements of all processes. They are wake-ups: losing one costs a poll."""
        self._listener = threading.Thread(target=self._listen, args=(heard,), name="listener", daemon=True)
        self._listener.start()

    def _listen(self, heard: Callable[[str], None]) -> None:
        while not self._ended.is_set():
            try:
                self._hear(heard)
            except psycopg.Error:
                self._ended.wait(_LISTEN_AGAIN)

    def _hear(self, heard: Callable[[str], None]) -> None:
        plain = make_url(self._url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f"LISTEN {_CHANNEL}")
            while not self._ended.is_set():
                for notice in connection.notifies(timeout=0.5, stop_after=1):
                    heard(notice.payload)

    def is_full(self, fault: SQLAlchemyError) -> bool:
        """Whether the server says that its disk is full."""
        return isinstance(getattr(fault, "orig", None), psycopg.errors.DiskFull)

    def before_commit(self, conn: Connection, topics: Iterable[str]) -> None:
        """The notice leaves with the commit, or not at all."""
        for topic in topics:
            conn.execute(text("SELECT pg_notify(:channel, :topic)"), {"channel": _CHANNEL, "topic": topic})

    def between_batches(self, conn: Connection) -> None:
        """The server looks after itself."""

    def close(self) -> None:
        """Closes all connections."""
        self._ended.set()
        if self._listener is not None:
            self._wake_listener()
            self._listener.join()
        self.write_engine.dispose()
        self.read_engine.dispose()

    def _wake_listener(self) -> None:
        """Lets it see at once that it has ended; without a server it looks by itself half a second later."""
        try:
            with self.write_engine.begin() as conn:
                self.before_commit(conn, [_NOTHING])
        except SQLAlchemyError:
            return
