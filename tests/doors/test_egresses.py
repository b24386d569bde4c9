"""Egresses and pools by the API: each account its own, and only what it may bring."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx2
import pytest

from sendwright import database, domains, egresses
from sendwright.doors import http
from tests.doors.conftest import Tenant, client_of
from tests.egresses.made import pool, relay
from tests.fakes.name_server import name_server

pytestmark = pytest.mark.anyio
DATABASES = ("sqlite",)

SEAL = database.Seal(b"s" * 32)
WANTED = {"name": "ip-1", "ip": "192.0.2.1", "ehloName": "mx1.example.com"}
MEMBERS = {"members": [{"egress": "ip-1", "share": 30}, {"egress": "installation", "share": 70}]}


@pytest.fixture
async def services(services: http.Services) -> AsyncIterator[http.Services]:
    """With a name server that knows nothing."""
    made = services.office
    assert made is not None
    async with name_server({}) as dns:
        names = egresses.Names(dns.address)
        yield replace(services, office=lambda caller, now: replace(made(caller, now), names=names))


@pytest.fixture(autouse=True)
async def example(db: database.Database, acme: Tenant, rival: Tenant, now: datetime) -> None:
    await db.write(domains.add_domain, SEAL, acme.account.id, "example.com", (), now)
    await db.write(domains.connect_domain, acme.account.id, "example.com", domains.Proof.DECREE, now)


async def add(client: httpx2.AsyncClient, **changes: Any) -> httpx2.Response:
    return await client.post("/api/v1/egresses", json=WANTED | changes)


async def test_a_new_address_is_shown_with_what_is_to_do(client: httpx2.AsyncClient):
    answer = await add(client)
    assert answer.status_code == 201
    found = answer.json()
    assert (found["name"], found["state"], found["usable"], found["machine"]) == ("ip-1", "active", False, "here")
    assert all(finding["fatal"] and finding["text"] for finding in found["findings"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"ehloName": "mx1.example.net"}, {"ip": "nowhere"}, {"name": "a b"}, {"machine": "a b"}, {"relay": "smtp://a"},
        {"proxy": "socks5://a:1"},
    ],
)  # fmt: skip
async def test_what_an_account_may_not_bring_is_refused(client: httpx2.AsyncClient, wrong: dict[str, str]):
    assert (await add(client, **wrong)).status_code == 400


async def test_the_list_has_every_egress(client: httpx2.AsyncClient, db: database.Database, acme: Tenant):
    await add(client)
    await db.write(egresses.add_egress, SEAL, relay(account_id=acme.account.id))
    answer = await client.get("/api/v1/egresses")
    assert [each["name"] for each in answer.json()["results"]] == ["ip-1", "relay"]
    assert "secret" not in answer.text


async def test_an_egress_is_read_paused_resumed_and_removed(client: httpx2.AsyncClient):
    await add(client)
    where = "/api/v1/egresses/ip-1"
    paused = await client.patch(where, json={"state": "paused", "reason": "moving"})
    assert (paused.json()["state"], paused.json()["reason"]) == ("paused", "moving")
    assert (await client.patch(where, json={"state": "active"})).json()["state"] == "active"
    assert (await client.patch(where, json={"state": "active"})).json()["state"] == "active"
    assert (await client.delete(where)).status_code == 204
    assert (await client.get(where)).status_code == 404


async def test_what_the_operator_paused_stays_paused(client: httpx2.AsyncClient, db: database.Database, acme: Tenant):
    await add(client)
    await db.write(egresses.pause_egress, acme.account.id, "ip-1", "listed", "operator")
    answer = await client.patch("/api/v1/egresses/ip-1", json={"state": "active"})
    assert answer.status_code == 409


async def test_a_check_is_made_on_demand(client: httpx2.AsyncClient):
    await add(client)
    assert (await client.post("/api/v1/egresses/ip-1/check")).json()["findings"]


async def test_a_pool_is_set_shown_and_removed(client: httpx2.AsyncClient):
    await add(client)
    answer = await client.put("/api/v1/pools/transactional", json=MEMBERS)
    assert answer.json() == {
        "stream": "transactional", "name": "transactional", "onlyOwn": False,
        "members": [{"egress": "ip-1", "share": 30}, {"egress": "installation", "share": 70}],
    }  # fmt: skip
    (shown,) = (await client.get("/api/v1/pools")).json()["results"]
    assert {each["egress"]: each["share"] for each in shown["members"]} == {"ip-1": 30, "installation": 70}
    assert (await client.delete("/api/v1/pools/transactional")).status_code == 204
    assert (await client.delete("/api/v1/pools/transactional")).status_code == 404


async def test_a_pool_of_what_is_not_there_is_refused(client: httpx2.AsyncClient):
    assert (await client.put("/api/v1/pools/transactional", json=MEMBERS)).status_code == 400


async def test_an_unheard_of_stream_is_not_found(client: httpx2.AsyncClient):
    assert (await client.put("/api/v1/pools/bulk", json=MEMBERS)).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/egresses/ip-1", None),
        ("POST", "/api/v1/egresses/ip-1/check", None),
        ("PATCH", "/api/v1/egresses/ip-1", {"state": "paused"}),
        ("DELETE", "/api/v1/egresses/ip-1", None),
        ("DELETE", "/api/v1/pools/transactional", None),
    ],
)
async def test_another_account_finds_nothing(
    services: http.Services, rival: Tenant, client: httpx2.AsyncClient, method: str, path: str, body: Any
):
    await add(client)
    await client.put("/api/v1/pools/transactional", json=MEMBERS)
    async with client_of(services, rival.headers) as stranger:
        assert (await stranger.request(method, path, json=body)).status_code == 404
    assert (await client.get("/api/v1/egresses/ip-1")).json()["state"] == "active"


async def test_another_account_lists_nothing(services: http.Services, rival: Tenant, client: httpx2.AsyncClient):
    await add(client)
    await client.put("/api/v1/pools/transactional", json=MEMBERS)
    async with client_of(services, rival.headers) as stranger:
        for path in ("/api/v1/egresses", "/api/v1/pools"):
            assert (await stranger.get(path)).json() == {"results": []}


async def test_another_account_cannot_use_it_in_a_pool(
    services: http.Services, rival: Tenant, client: httpx2.AsyncClient
):
    await add(client)
    async with client_of(services, rival.headers) as stranger:
        assert (await stranger.put("/api/v1/pools/transactional", json=MEMBERS)).status_code == 400


async def test_an_egress_of_one_stream_is_refused_to_another(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant
):
    await add(client)
    await db.write(egresses.set_pool, SEAL, pool("marketing", ip_1=1, account_id=acme.account.id))
    answer = await client.put("/api/v1/pools/transactional", json=MEMBERS)
    assert answer.status_code == 400
    assert "one stream" in answer.json()["message"]
