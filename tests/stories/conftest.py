"""A shop on a real database, once of each kind."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from sendwright import database
from tests.conftest import PostgresServer

from .shop import Shop, open_shop


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, made once: copying it is much faster."""
    target = database.Target.parse(None, tmp_path_factory.mktemp("empty"))
    database.migrate(target)
    assert target.file is not None
    return target.file


@pytest.fixture(scope="session")
def shared_postgres(postgres: PostgresServer) -> str:
    """The URL of one PostgreSQL database for all these tests: emptying it is much faster than making another."""
    return postgres.new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path, empty_sqlite: Path) -> database.Target:
    """An empty database with all tables, once of each kind."""
    if request.param == "sqlite":
        shutil.copy(empty_sqlite, tmp_path / empty_sqlite.name)
        return database.Target.parse(None, tmp_path)
    url: str = request.getfixturevalue("shared_postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        for table in database.metadata.tables:
            connection.execute(f"DELETE FROM {table}")  # type: ignore[arg-type]
    return database.Target.parse(url, tmp_path)


@pytest.fixture
async def shop(db: database.Database, now: datetime) -> Shop:
    """An account that can send."""
    return await open_shop(db, now)
