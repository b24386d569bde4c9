"""What a write promises, and how writes share a commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from sendwright import database
from sendwright.database.identifiers import numbers

pytestmark = pytest.mark.anyio


def put(conn: database.Connection, kind: str, next_: int = 1) -> str:
    conn.execute(numbers.insert(), {"account_id": 1, "kind": kind, "next": next_})
    database.announce(conn, "numbers")
    return kind


def put_all(conn: database.Connection, kinds: Sequence[str]) -> Sequence[int]:
    for kind in kinds:
        put(conn, kind)
    return [len(kinds)] * len(kinds)


def kinds(conn: database.Connection) -> list[str]:
    return list(conn.scalars(select(numbers.c.kind).order_by(numbers.c.kind)))


async def test_what_was_written_is_read(db: database.Database) -> None:
    assert await db.write(put, "a") == "a"
    assert await db.read(kinds) == ["a"]


async def test_one_bad_write_spoils_no_other_of_its_batch(db: database.Database) -> None:
    answers = await asyncio.gather(*(db.write(put, k) for k in "abac"), return_exceptions=True)
    assert [type(a) for a in answers] == [str, str, IntegrityError, str]
    assert await db.read(kinds) == ["a", "b", "c"]


async def test_one_bad_item_spoils_no_other_that_is_written_together(db: database.Database) -> None:
    answers = await asyncio.gather(*(db.write_together(put_all, k) for k in "abac"), return_exceptions=True)
    assert sum(isinstance(a, IntegrityError) for a in answers) == 1
    assert await db.read(kinds) == ["a", "b", "c"]


async def test_those_who_wait_are_written_in_one_call(tmp_path: Path) -> None:
    target = database.Target.parse(None, tmp_path)
    database.migrate(target)
    db = database.open_database(target)
    answers = await asyncio.gather(*(db.write_together(put_all, str(n)) for n in range(100)))
    assert max(answers) > 1
    await db.close()


async def test_patient_writes_wait_for_company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sendwright.database.writer._PATIENCE", 60.0)
    monkeypatch.setattr("sendwright.database.writer._COMPANY", 2)
    db = database.open_database(_made(tmp_path))
    first = asyncio.ensure_future(db.write_in_company(put_all, "a"))
    await asyncio.sleep(0.05)
    assert not first.done()
    assert [await db.write_in_company(put_all, "b"), await first] == [2, 2]
    await db.close()


async def test_an_impatient_write_ends_the_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sendwright.database.writer._PATIENCE", 60.0)
    db = database.open_database(_made(tmp_path))
    patient = asyncio.ensure_future(db.write_in_company(put_all, "a"))
    await asyncio.sleep(0)
    assert await asyncio.wait_for(db.write(put, "b"), 10) == "b"
    assert await asyncio.wait_for(patient, 10) == 1
    await db.close()


async def test_patience_comes_to_an_end(tmp_path: Path) -> None:
    db = database.open_database(_made(tmp_path))
    assert await asyncio.wait_for(db.write_in_company(put_all, "a"), 10) == 1
    await db.close()


def _made(place: Path) -> database.Target:
    target = database.Target.parse(None, place)
    database.migrate(target)
    return target


async def test_a_reader_cannot_write(db: database.Database) -> None:
    with pytest.raises(Exception, match=r"read-?\s?only"):
        await db.read(put, "a")


async def test_an_announcement_wakes_those_who_wait_for_it(db: database.Database) -> None:
    woken = asyncio.Event()
    db.on("numbers", woken.set)
    await db.write(put, "a")
    await asyncio.wait_for(woken.wait(), 5)


async def test_other_processes_hear_an_announcement_on_postgresql(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    target = database.Target.parse(request.getfixturevalue("postgres").new_database(), tmp_path)
    ours, theirs = database.open_database(target), database.open_database(target)
    woken = asyncio.Event()
    theirs.on("numbers", woken.set)
    for n in range(50):  # the listener needs a moment to connect
        await ours.write(put, f"a{n}")
        if woken.is_set():
            break
        await asyncio.sleep(0.1)
    assert woken.is_set()
    await ours.close()
    await theirs.close()


async def test_a_second_server_on_the_same_file_is_refused(tmp_path: Path) -> None:
    target = database.Target.parse(None, tmp_path)
    database.migrate(target)
    db = database.open_database(target, exclusive=True)
    with pytest.raises(database.AlreadyServed, match="stop it first"):
        database.open_database(target, exclusive=True)
    await db.close()


async def test_a_command_line_writes_beside_a_server(tmp_path: Path) -> None:
    target = database.Target.parse(None, tmp_path)
    database.migrate(target)
    server, command = database.open_database(target, exclusive=True), database.open_database(target)
    await asyncio.gather(*(db.write(put, f"{n}{id(db)}") for n in range(50) for db in (server, command)))
    assert len(await server.read(kinds)) == 100
    await command.close()
    await server.close()


async def test_a_full_log_is_moved_into_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sendwright.database.sqlite._CHECKPOINT_BYTES", 1)
    monkeypatch.setattr("sendwright.database.sqlite._CHECKPOINT_EVERY", 1)
    target = database.Target.parse(None, tmp_path)
    database.migrate(target)
    db = database.open_database(target, exclusive=True)
    size = (tmp_path / "sendwright.db").stat().st_size
    for n in range(300):
        await db.write(put, f"{n}" * 100)
    assert (tmp_path / "sendwright.db").stat().st_size > size
    await db.close()


def _files_with(place: Path, text: bytes) -> list[Path]:
    return [file for file in place.iterdir() if text in file.read_bytes()]


async def test_what_was_deleted_is_gone_from_the_disk_after_a_clean_stop(tmp_path: Path) -> None:
    target = database.Target.parse(None, tmp_path)
    database.migrate(target)
    db = database.open_database(target, exclusive=True)
    await db.write(put, "canary-4711")
    await db.write(lambda conn: conn.execute(numbers.delete()).rowcount)
    await db.close()
    assert not _files_with(tmp_path, b"canary-4711")


async def test_a_locked_database_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sendwright.database.sqlite._BUSY_MILLISECONDS", 10)
    target = database.Target.parse(None, tmp_path)
    database.migrate(target)
    db, other = database.open_database(target), database.sqlite.Sqlite(tmp_path / "sendwright.db", exclusive=False)
    with other.write_engine.connect() as conn:
        conn.execute(text("SELECT 1"))
        with pytest.raises(database.Unavailable, match="locked"):
            await db.write(put, "a")
    await db.write(put, "b")
    assert await db.read(kinds) == ["b"]
    other.close()
    await db.close()


async def test_numbers_are_given_once_each(db: database.Database) -> None:
    given = await asyncio.gather(*(db.write(database.next_numbers, 1, "record", 3) for _ in range(20)))
    assert sorted(n for numbers_ in given for n in numbers_) == list(range(101, 161))


def test_uuids_sort_by_time(now: datetime) -> None:
    ids = [database.uuid7(now + timedelta(milliseconds=n)) for n in range(50)]
    assert ids == sorted(ids)
    assert len(ids[0]) == 36
    assert ids[0][14] == "7"


def test_an_unknown_kind_of_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="give postgresql://"):
        database.Target.parse("mysql://x/y", tmp_path)


def test_a_shown_target_has_no_password(tmp_path: Path) -> None:
    target = database.Target.parse("postgresql://u:geheim@db.example.com/mail", tmp_path)
    assert target.shown == "postgresql db.example.com/mail"
