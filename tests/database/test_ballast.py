"""The ballast: real blocks that are freed when the disk is full, and taken on again when it is not."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from sendwright import database
from sendwright.database.ballast import Ballast

pytestmark = pytest.mark.anyio

OCTETS = 256 * 1024


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ballast"


def test_the_ballast_is_of_real_blocks(file: Path) -> None:
    assert Ballast(file, OCTETS).take_on()
    assert file.stat().st_blocks * 512 >= OCTETS


def test_ballast_thrown_off_frees_its_blocks(file: Path) -> None:
    ballast = Ballast(file, OCTETS)
    ballast.take_on()
    ballast.throw_off()
    assert (ballast.is_aboard, file.exists()) == (False, False)


def test_ballast_is_taken_on_again(file: Path) -> None:
    ballast = Ballast(file, OCTETS)
    ballast.take_on()
    ballast.throw_off()
    assert ballast.take_on()
    assert ballast.is_aboard


def test_what_a_process_before_us_left_is_taken_over(file: Path) -> None:
    Ballast(file, OCTETS).take_on()
    inode = file.stat().st_ino
    assert Ballast(file, OCTETS).take_on()
    assert file.stat().st_ino == inode


def test_a_sparse_file_of_the_right_length_is_no_ballast(file: Path) -> None:
    with file.open("wb") as hollow:
        hollow.truncate(OCTETS)
    Ballast(file, OCTETS).take_on()
    assert file.stat().st_blocks * 512 >= OCTETS


def test_more_ballast_than_the_disk_has_room_for_is_not_taken_on(file: Path) -> None:
    ballast = Ballast(file, 1 << 60)
    assert not ballast.take_on()
    assert not file.exists()


def test_where_no_file_can_be_made_there_is_no_ballast(tmp_path: Path) -> None:
    assert not Ballast(tmp_path / "nowhere" / "ballast", OCTETS).take_on()


def test_without_ballast_there_is_always_room(file: Path) -> None:
    ballast = Ballast(file, 0)
    ballast.throw_off()
    assert ballast.is_aboard
    assert not file.exists()


def test_a_process_that_ends_in_order_leaves_none(file: Path) -> None:
    ballast = Ballast(file, OCTETS)
    ballast.take_on()
    ballast.put_away()
    assert not file.exists()


# --- the database that carries it


def full(_: database.Connection) -> None:
    cause = sqlite3.OperationalError("database or disk is full")
    cause.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise OperationalError("INSERT", None, cause)


def broken(_: database.Connection) -> None:
    cause = sqlite3.OperationalError("disk I/O error")
    cause.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    raise OperationalError("INSERT", None, cause)


def _one(conn: database.Connection) -> int:
    return int(conn.execute(text("SELECT 1")).scalar_one())


async def test_a_write_without_room_is_full_and_throws_the_ballast_off(tmp_path: Path) -> None:
    db = database.open_database(database.Target.parse(None, tmp_path), exclusive=True, ballast=OCTETS)
    try:
        assert db.has_room
        with pytest.raises(database.Full):
            await db.write(full)
        assert not db.has_room
        with pytest.raises(database.Full):
            db.require_room()
        assert await db.write(_one) == 1
        assert await db.look_for_room()
        db.require_room()
    finally:
        await db.close()


async def test_another_fault_keeps_the_ballast(tmp_path: Path) -> None:
    db = database.open_database(database.Target.parse(None, tmp_path), exclusive=True, ballast=OCTETS)
    try:
        with pytest.raises(database.Unavailable) as told:
            await db.write(broken)
        assert not isinstance(told.value, database.Full)
        assert db.has_room
    finally:
        await db.close()


async def test_a_command_beside_the_server_takes_no_ballast(tmp_path: Path) -> None:
    db = database.open_database(database.Target.parse(None, tmp_path), ballast=OCTETS)
    await db.close()
    assert [name for name in os.listdir(tmp_path) if "ballast" in name] == []


@pytest.mark.parametrize("target", ["postgresql"], indirect=True)
async def test_a_server_whose_disk_is_full_is_full(db: database.Database) -> None:
    def no_room(_: database.Connection) -> None:
        raise OperationalError("INSERT", None, psycopg.errors.DiskFull("could not extend file"))

    with pytest.raises(database.Full):
        await db.write(no_room)
    assert db.has_room
