"""``/api/v1/queue`` and what can be done to a send that has no outcome yet."""

from __future__ import annotations

from datetime import datetime

import httpx2
import pytest

from sendwright import accounts, database, ledger
from sendwright.doors import http
from tests.doors.conftest import Tenant, client_of
from tests.ledger.waiting import shown, waiting

pytestmark = pytest.mark.anyio

NOBODY = "01a20305-7d50-7218-b99a-803ff323caa5"


async def send_of(db: database.Database, acme: Tenant, now: datetime) -> str:
    new = await waiting(db, now, account_id=acme.account.id)
    return (await shown(db, new, now, acme.account.id)).send_id


async def test_the_queue_shows_what_waits(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    await send_of(db, acme, now)
    pause = ledger.Pause(
        account_id=ledger.EVERYBODY, kind=ledger.PauseKind.ALL, name="", reason="moving", since=now, until=None
    )
    await db.write(ledger.pause, pause)
    answer = (await client.get("/api/v1/queue")).json()
    assert [(line["site"], line["waiting"]) for line in answer["results"]] == [("example.org", 1)]
    assert [each["reason"] for each in answer["pauses"]] == ["moving"]


async def test_another_account_sees_and_changes_nothing(
    services: http.Services, db: database.Database, acme: Tenant, rival: Tenant, now: datetime
):
    send_id = await send_of(db, acme, now)
    async with client_of(services, rival.headers) as client:
        assert (await client.get("/api/v1/queue")).json()["results"] == []
        assert (await client.get("/api/v1/queue/deliveries")).json()["results"] == []
        assert (await client.post(f"/api/v1/sends/{send_id}/cancel")).status_code == 404


async def test_deliveries_are_listed_page_by_page(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    for _ in range(2):
        await send_of(db, acme, now)
    first = (await client.get("/api/v1/queue/deliveries", params={"limit": 1, "state": "waiting"})).json()
    after = first["paging"]["next"]["after"]
    rest = (await client.get("/api/v1/queue/deliveries", params={"after": after})).json()
    assert len({each["id"] for each in (*first["results"], *rest["results"])}) == 2


async def test_an_unknown_state_is_refused(client: httpx2.AsyncClient):
    assert (await client.get("/api/v1/queue/deliveries", params={"state": "lost"})).status_code == 400


async def test_a_canceled_send_says_so_and_is_in_the_audit_log(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    send_id = await send_of(db, acme, now)
    answer = (await client.post(f"/api/v1/sends/{send_id}/cancel")).json()
    assert (answer["deliveries"], answer["send"]["status"]) == (1, "CANCELED")
    entries = await db.read(accounts.list_audit_entries, acme.account.id)
    assert "queue.cancel" in [entry.what for entry in entries]


async def test_a_send_is_held_released_and_retried(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    send_id = await send_of(db, acme, now)
    for step in ("hold", "release", "retry"):
        assert (await client.post(f"/api/v1/sends/{send_id}/{step}")).json()["deliveries"] == 1


async def test_what_cannot_be_done_says_how_the_send_stands(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    send_id = await send_of(db, acme, now)
    assert (await client.post(f"/api/v1/sends/{send_id}/release")).status_code == 409


async def test_an_unknown_send_is_not_found(client: httpx2.AsyncClient):
    assert (await client.post(f"/api/v1/sends/{NOBODY}/retry")).status_code == 404
