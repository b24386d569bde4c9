"""What an older Sendwright accepted leaves after an upgrade: a database as its code made it, on both engines.

`database_of_0002.json` has the rows that the code before migration 0003 wrote: a mail delivered, two that were put off
(one submitted by SMTP), one leased, one past its intent and one accepted. Its envelope senders were not signed yet.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import JSON, Connection, MetaData, create_engine, insert, null, text

from sendwright import database, feedback, ledger, outbound, receive
from tests.conftest import PostgresServer
from tests.run.test_delivery import TAKEN, Post, until, working

from .mailroom import Mailroom
from .shop import RETURN_PATH_KEY, Clock, Shop

pytestmark = pytest.mark.anyio

SECRET = "a secret of these tests, thirty-two"
ROWS = json.loads((Path(__file__).parent / "database_of_0002.json").read_text())
WAITED = ("accepted", "deferred", "indoubt", "leased", "submitted")


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> database.Target:
    """Tables and rows as the older program left them."""
    url = None
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.empty_database()
    target = database.Target.parse(url, tmp_path)
    engine = create_engine(target.url or f"sqlite:///{target.file}")
    with engine.begin() as conn:
        _make_tables(conn)
        _fill(conn)
    engine.dispose()
    return target


def _make_tables(conn: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    config.attributes["connection"] = conn
    command.upgrade(config, "0002")


def _fill(conn: Connection) -> None:
    tables = MetaData()
    tables.reflect(conn)
    for name, rows in ROWS.items():
        table = tables.tables[name]
        for row in rows:
            values = {key: _value(value, table.c[key].type) for key, value in row.items()}
            conn.execute(insert(table).values(values))


def _value(value: Any, type_: Any) -> Any:
    if value is None:
        return null()
    if isinstance(value, dict):
        return base64.b64decode(value["base64"])
    return json.loads(value) if isinstance(type_, JSON) else value


@pytest.fixture
async def shop(old: database.Target) -> AsyncIterator[Shop]:
    """The shop of the older program, some hours later, under this one."""
    database.migrate(old)
    db = database.open_database(old)
    seal = await db.write(database.settle_secret, SECRET)
    (account,) = ROWS["accounts"]
    welcome: Any = SimpleNamespace(account_id=account["account_id"])
    yield Shop(db=db, seal=seal, clock=Clock(_last_moment()), welcome=welcome, email_id=ROWS["emails"][0]["id"])
    await db.close()


def _last_moment() -> datetime:
    latest = max(row["requested_at"] for row in ROWS["sends"])
    return datetime.fromtimestamp(latest / 1000, UTC) + timedelta(hours=2)


async def test_what_waited_is_delivered_after_the_upgrade(shop: Shop):
    assert await shop.balanced()
    wait = timedelta(minutes=30)
    assert await shop.db.write(ledger.recover_all, shop.clock.now(), wait) == 2
    shop.clock.advance(minutes=31)
    post = Post(TAKEN, shop.clock)
    async with working(shop, post):
        await until(lambda: _all_are_final(shop))
    assert sorted(post.begun) == [f"{who}@example.org" for who in WAITED]
    assert await shop.balanced()


async def _all_are_final(shop: Shop) -> bool:
    sends = [await shop.page(row["id"]) for row in ROWS["sends"]]
    return all(page.send.result is ledger.SendResult.SENT for page in sends)


async def test_it_leaves_under_a_signed_return_path_and_the_old_keys_signature(shop: Shop):
    parcels: list[outbound.Parcel] = []

    class Seen(Post):
        async def deliver(self, parcel: outbound.Parcel, **how: Any) -> outbound.Handover:
            parcels.append(parcel)
            return await super().deliver(parcel, **how)

    async with working(shop, Seen(TAKEN, shop.clock)):
        await until(lambda: len(parcels) >= 3)
    for parcel in parcels:
        path = feedback.read_return_path(RETURN_PATH_KEY, parcel.mail_from.rpartition("@")[0])
        assert path is not None
        assert path.is_for(parcel.rcpt_to)
        assert b"d=example.com" in parcel.message
        assert f"s={ROWS['dkim_keys'][0]['selector']}".encode() in parcel.message


async def test_a_return_path_that_was_not_signed_takes_nothing(shop: Shop):
    """Anybody who saw one can make them; what comes to it is refused while its sender listens."""
    (first, *_) = ROWS["sends"]
    found = await receive.admit(Mailroom(shop).office, f"bounce.{first['id']}@example.com")
    assert isinstance(found, receive.Refusal)
    assert found.code == 550


async def test_its_keys_go_on_signing(shop: Shop):
    with_keys = await shop.db.read(lambda conn: conn.execute(text("SELECT state, changed_at FROM dkim_keys")).all())
    assert [tuple(row) for row in with_keys] == [("active", ROWS["dkim_keys"][0]["created_at"])]
