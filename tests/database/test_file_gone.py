"""A database file that goes away under the program: no write is called durable that is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from sendwright import database
from sendwright.database.identifiers import numbers

pytestmark = pytest.mark.anyio


def put(conn: database.Connection, kind: str) -> None:
    conn.execute(numbers.insert(), {"account_id": 1, "kind": kind, "next": 1})


def kinds(conn: database.Connection) -> list[str]:
    return list(conn.scalars(select(numbers.c.kind).order_by(numbers.c.kind)))


def lose(file: Path) -> None:
    file.unlink()


def names_in(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def move(file: Path, to: Path) -> None:
    file.rename(to)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sendwright.db"


@pytest.fixture
async def embedded(file: Path) -> AsyncIterator[database.Database]:
    target = database.Target.parse(None, file.parent)
    database.migrate(target)
    opened = database.open_database(target, exclusive=True)
    await opened.write(put, "before")
    yield opened
    await opened.close()


async def test_a_write_to_a_file_that_is_gone_is_refused(embedded: database.Database, file: Path) -> None:
    lose(file)
    with pytest.raises(database.Unavailable, match="put it back"):
        await embedded.write(put, "after")


async def test_a_read_of_a_file_that_is_gone_is_refused(embedded: database.Database, file: Path) -> None:
    await embedded.read(kinds)
    lose(file)
    with pytest.raises(database.Unavailable, match="put it back"):
        await embedded.read(kinds)


async def test_no_new_file_is_made_where_one_is_gone(embedded: database.Database, file: Path) -> None:
    lose(file)
    for _ in range(2):
        with pytest.raises(database.Unavailable):
            await embedded.write(put, "after")
    assert file.name not in names_in(file.parent)


async def test_a_file_that_is_put_back_is_written_again(embedded: database.Database, file: Path) -> None:
    away = file.with_name("away")
    move(file, away)
    with pytest.raises(database.Unavailable):
        await embedded.write(put, "meanwhile")
    move(away, file)
    await embedded.write(put, "later")
    assert await embedded.read(kinds) == ["before", "later"]


async def test_a_write_during_which_the_file_goes_is_not_called_done(embedded: database.Database, file: Path) -> None:
    def put_and_lose(conn: database.Connection) -> None:
        put(conn, "lost")
        lose(file)

    with pytest.raises(database.Unavailable):
        await embedded.write(put_and_lose)
