"""What is really said to the databases on the way of a mail: whose rows it is about, and that an index serves it.

A statement without its account shows one customer the mail of another; a statement without an index is fast in every
test and slow in the tenth week.
"""

from __future__ import annotations

import re

import pytest

from .conftest import Day, Said

pytestmark = pytest.mark.anyio

_STATE = r"\(?(sends|deliveries)\.state (IN|=)"
OF_ALL_ACCOUNTS = {
    r"\s*WITH RECURSIVE a\(": "from one account, or lane, to the next: workers serve all accounts",
    r"SELECT deliveries\.account_id, .*\nWHERE .*deliveries\.lane = ": "a lane is of one account, and begins with it",
    r"SELECT pauses\.": "pauses may be for all accounts",
    r"SELECT sends\.account_id, .* JOIN sends ON sends\.account_id = ": "of those chosen, by account and id",
    r"SELECT CAST\(": "the clock of the database; no table",
    r"SELECT set_config\(": "how a claim is planned; no table",
    r"SELECT pg_notify\(": "a wake-up; no table",
    r"SELECT (sends|deliveries)\.account_id, \1\.id\b[^\n]* \nFROM \1 \nWHERE " + _STATE: "workers serve all accounts",
    r"UPDATE (sends|deliveries) SET .*WHERE "
    + _STATE
    + ".*lease_(owner|until)": "leases that lapsed or are given back",
    r"SELECT deliveries\.account_id, .*\nWHERE " + _STATE + ".*'committing'": "attempts whose lease lapsed",
}
"""Statements that name no account, and why. ``test_tenants.py`` holds the source to saying so, too."""
SMALL = ("json_each", "given", "a", "pauses")  # what was given; steps from one account to the next; a few rows


def names_account(statement: Said) -> bool:
    """It compares ``account_id`` where it says which rows, or writes it."""
    text = statement.text
    if text.lstrip().startswith("INSERT"):
        return "account_id" in text.partition("VALUES")[0]
    where = text.partition("WHERE")[2]
    return re.search(r"account_id\)? (=|IN)|account_id, ", where) is not None


def is_excused(statement: Said) -> bool:
    return any(re.match(pattern, statement.text, re.DOTALL) for pattern in OF_ALL_ACCOUNTS)


def walks_a_table(step: str) -> bool:
    """SQLite reads every row. Constant rows are a VALUES list; a subquery has its own steps."""
    scan = re.match(r"SCAN (\S+)", step)
    if scan is None or "CONSTANT ROW" in step or scan[1] in SMALL or scan[1].startswith("("):
        return False
    return re.search(r"USING (COVERING )?INDEX ix_(sends_accepted|sends_composing|deliveries_\w+)", step) is None


async def test_something_was_said(day: Day):
    assert len(day.said) > 40


async def test_every_statement_names_the_account(day: Day):
    assert [said.text for said in day.said if not names_account(said) and not is_excused(said)] == []


async def test_every_statement_is_served_by_an_index(day: Day):
    if day.file is None:
        return
    plans = {said.text: day.plan(said) for said in day.said}
    walks = [f"{text}\n-> {steps}" for text, steps in plans.items() if any(map(walks_a_table, steps))]
    assert not walks, "\n\n".join(walks)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a.id FROM a WHERE a.account_id = ? AND a.id = ?",
        "UPDATE a SET x=? WHERE a.account_id = ? AND a.id = ?",
        "DELETE FROM a WHERE a.account_id IN (?) AND (a.account_id, a.id) IN ((?, ?))",
        "INSERT INTO a (account_id, id) VALUES (?, ?)",
    ],
)
async def test_the_lint_accepts_what_names_the_account(text: str):
    assert names_account(Said(text, ()))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a.account_id FROM a WHERE a.id = ?",
        "SELECT a.account_id FROM a",
        "UPDATE a SET account_id=? WHERE a.id = ?",
        "DELETE FROM a",
        "INSERT INTO a (id) VALUES (?)",
    ],
)
async def test_the_lint_refuses_what_does_not(text: str):
    assert not names_account(Said(text, ()))


@pytest.mark.parametrize(
    "step", ["SCAN sends", "SCAN sends USING INDEX sqlite_autoindex_sends_1", "SCAN events USING INDEX ix_events_send"]
)
async def test_the_lint_refuses_a_walk(step: str):
    assert walks_a_table(step)


@pytest.mark.parametrize(
    "step",
    [
        "SEARCH sends USING INDEX sqlite_autoindex_sends_1 (account_id=? AND id=?)",
        "SCAN sends USING INDEX ix_sends_accepted",
        "SCAN 2 CONSTANT ROWS",
        "USE TEMP B-TREE FOR ORDER BY",
    ],
)
async def test_the_lint_accepts_an_index(step: str):
    assert not walks_a_table(step)
