"""Statements for many rows: each row once, in order where it matters, and nothing beside those that were given."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import BigInteger, Connection, String, Subquery, Update, literal_column, select, update

from sendwright import database
from sendwright.database import Prepared
from sendwright.database.identifiers import numbers
from sendwright.ledger.tables import events

pytestmark = pytest.mark.anyio

n = numbers.c
INSERT = Prepared.into(numbers, "account_id", "kind", "next")
COLUMNS: dict[str, Any] = {"account": BigInteger(), "kind": String(), "more": BigInteger()}


def _add(given: Subquery) -> Update:
    mine = (n.account_id == given.c.account, n.kind == given.c.kind)
    return update(numbers).where(*mine).values(next=n.next * literal_column("10") + given.c.more)


ADD = Prepared(COLUMNS, _add)
ADD_AND_TELL = Prepared(COLUMNS, lambda given: _add(given).returning(n.kind, n.next))


async def _insert(db: database.Database, count: int) -> int:
    return await db.write(INSERT.run, [(1, f"k{number}", number) for number in range(count)])


async def _kept(db: database.Database) -> dict[str, int]:
    return await db.read(_read_all)


def _read_all(conn: Connection) -> dict[str, int]:
    return dict(conn.execute(select(n.kind, n.next).where(n.account_id == 1)).all())


@pytest.mark.parametrize("count", [0, 1, 3, 64, 65, 150])
async def test_every_row_is_written_once(db: database.Database, count: int) -> None:
    assert await _insert(db, count) == count
    assert await _kept(db) == {f"k{number}": number for number in range(count)}


async def test_only_the_rows_given_are_changed(db: database.Database) -> None:
    await _insert(db, 4)
    assert await db.write(ADD.run, [(1, "k1", 5), (1, "k2", 6), (1, "k3", 7)]) == 3
    assert await _kept(db) == {"k0": 0, "k1": 15, "k2": 26, "k3": 37}


async def test_a_row_that_is_not_there_is_not_counted(db: database.Database) -> None:
    await _insert(db, 1)
    assert await db.write(ADD.run, [(1, "k0", 5), (2, "k0", 5), (1, "gone", 5)]) == 1


async def test_rows_of_one_key_are_written_in_their_order(db: database.Database) -> None:
    await _insert(db, 2)
    assert await db.write(ADD.run, [(1, "k1", 2), (1, "k0", 7), (1, "k1", 3), (1, "k1", 4)]) == 4
    assert await _kept(db) == {"k0": 7, "k1": 1234}


async def test_a_statement_that_answers_tells_of_every_row(db: database.Database) -> None:
    await _insert(db, 100)
    told = await db.write(ADD_AND_TELL.ask, [(1, f"k{number}", 1) for number in range(100)])
    assert sorted(told) == sorted((f"k{number}", number * 10 + 1) for number in range(100))


async def test_nothing_is_asked_about_no_rows(db: database.Database) -> None:
    assert await db.write(ADD_AND_TELL.ask, []) == []


async def test_values_go_and_come_as_their_types_take_them(db: database.Database) -> None:
    at = datetime(2026, 3, 2, 14, 2, 7, 5000, tzinfo=UTC)
    write = Prepared.into(
        events, "account_id", "id", "type", "created", "send_id", "recipient", "app_id", "facts", "sent_at"
    )
    facts = {"said": "grüß 100 % (\u2028)", "times": [1, None]}
    await db.write(write.run, [(1, "e-1", "SENT", at, "s-1", "ann@example.org", 7, facts, None)])
    read = Prepared(
        {"account": BigInteger(), "id": String()},
        lambda given: select(events.c.created, events.c.sent_at).where(
            events.c.account_id == given.c.account, events.c.id == given.c.id
        ),
    )
    assert await db.read(read.ask, [(1, "e-1")]) == [(at, None)]
    assert await db.read(lambda conn: conn.execute(select(events.c.facts)).scalar_one()) == facts


async def test_a_row_of_another_width_is_refused(db: database.Database) -> None:
    with pytest.raises(ValueError, match="as many values"):
        await db.write(INSERT.run, [(1, "k")])


async def test_a_statement_with_a_value_of_its_own_is_refused(db: database.Database) -> None:
    wrong = Prepared(COLUMNS, lambda given: update(numbers).where(n.account_id == given.c.account).values(next=7))
    with pytest.raises(ValueError, match="no values but those of its rows"):
        await db.write(wrong.run, [(1, "k", 1)])


async def test_a_statement_that_does_not_look_at_its_rows_is_refused(db: database.Database) -> None:
    wrong = Prepared(
        COLUMNS, lambda given: update(numbers).where(n.account_id == literal_column("1")).values(next=n.next)
    )
    with pytest.raises(ValueError, match="no values but those of its rows"):
        await db.write(wrong.run, [(1, "k", 1)])
