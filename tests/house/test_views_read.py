"""``views.py`` answers screens and lists: looking at a page must never change what is on it.

Its functions run where writing is impossible, and it names no function of a room that writes.
"""

from __future__ import annotations

import ast

import pytest
from sqlalchemy import Connection, delete, text
from sqlalchemy.exc import SQLAlchemyError

from sendwright import database, views
from sendwright.ledger.tables import sends
from tests.stories.shop import Shop

from .conftest import listening
from .source import Module, modules

READS = frozenset(
    {"find_send", "find_events", "find_deliveries", "find_attempts", "published", "find_contacts", "context"}
    | {"render_page"}
)


def foreign_calls(module: Module) -> set[str]:
    """The functions of rooms that a module calls."""
    rooms = {
        "accounts",
        "crm",
        "database",
        "domains",
        "emails",
        "feedback",
        "ledger",
        "outbound",
        "sandbox",
        "tracking",
    }
    return {
        node.func.attr
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in rooms
        and node.func.attr[0].islower()
    }


def test_views_calls_only_what_reads():
    (module,) = (module for module in modules() if module.path == "views.py")
    assert foreign_calls(module) - READS == set()


def test_the_lint_sees_a_write():
    assert foreign_calls(Module("views.py", "def f(conn):\n    ledger.settle(conn, [])\n")) == {"settle"}


def test_the_lint_lets_words_pass():
    assert foreign_calls(Module("views.py", "def f():\n    return ledger.EventFilter(), len([])\n")) == set()


pytestmark = pytest.mark.anyio


async def test_views_work_where_nothing_can_be_written(shop: Shop):
    held, _ = await shop.send()

    def look(conn: Connection) -> tuple[object, object]:
        if conn.dialect.name == "postgresql":
            conn.execute(text("SET TRANSACTION READ ONLY"))
        page = views.send_page(conn, shop.account_id, held.send_id)
        return page, views.web_version(conn, shop.account_id, held.send_id, shop.clock.now())

    with listening() as heard:
        page, html = await shop.db.read(look)
    assert page is not None
    assert html is not None
    assert {said.text.split()[0] for said in heard.values()} == {"SELECT"}


async def test_a_reader_of_sqlite_cannot_write(shop: Shop):
    if shop.db.target.file is None:
        return
    with pytest.raises((database.Unavailable, SQLAlchemyError)):
        await shop.db.read(lambda conn: conn.execute(delete(sends)))


async def test_looking_changes_nothing(shop: Shop):
    held, _ = await shop.send()
    before = await shop.page(held.send_id)
    await shop.db.read(views.web_version, shop.account_id, held.send_id, shop.clock.now())
    assert await shop.page(held.send_id) == before
