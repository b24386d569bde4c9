"""Sending domains by the API: listed, added, checked, their keys rotated, removed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from sendwright import accounts, connect_domain, database, domains
from sendwright.doors import http
from tests.doors.conftest import MovableClock, Tenant, client_of
from tests.fakes.dns_of import AROUND, dns_says

DATABASES = ("sqlite",)
pytestmark = pytest.mark.anyio

KEY = domains.NewKey(
    selector="sw1",
    algorithm=domains.KeyAlgorithm.RSA_SHA256,
    private_pem=b"private",
    public_record="v=DKIM1; k=rsa; p=abc",
)
HERE = "/api/v1/domains/example.com"
ZONE = {
    **AROUND,
    ("sw1._domainkey.example.com", "TXT"): ['"v=DKIM1; k=rsa; p=abc"'],
    ("bounce.example.com", "MX"): ["10 mail.example.net."],
    ("bounce.example.com", "TXT"): ['"v=spf1 a:mail.example.net -all"'],
}


@pytest.fixture
async def example(db: database.Database, acme: Tenant, now: datetime) -> None:
    def add(conn: database.Connection) -> domains.Domain:
        return domains.add_domain(
            conn, database.Seal(b"s" * 32), acme.account.id, "example.com", (KEY,), now,
            return_path_host="bounce.example.com",
        )  # fmt: skip

    await db.write(add)


def by_purpose(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {record["purpose"]: record for record in document["records"]}


@pytest.mark.usefixtures("example")
async def test_a_pending_domain_is_listed_with_the_records_it_wants(client: httpx2.AsyncClient):
    (found,) = (await client.get("/api/v1/domains")).json()["results"]
    assert (found["name"], found["state"]) == ("example.com", "pending")
    assert by_purpose(found)["return_path"] | {"about": ""} == {
        "name": "bounce.example.com", "type": "MX", "value": "10 mail.example.net", "purpose": "return_path",
        "need": "needed", "about": "",
    }  # fmt: skip


@pytest.mark.usefixtures("example")
async def test_a_connected_domain_says_since_when_and_how(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    await db.write(domains.connect_domain, acme.account.id, "example.com", domains.Proof.DECREE, now)
    found = (await client.get(HERE)).json()
    assert (found["state"], found["connectedAt"], found["connectedHow"]) == (
        "connected", "2026-03-02T14:02:07.000Z", "decree",
    )  # fmt: skip


async def test_a_domain_is_added_with_two_keys_and_a_return_path(client: httpx2.AsyncClient):
    answer = await client.post("/api/v1/domains", json={"name": "Example.com"})
    found = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"https://send.example.com{HERE}")
    assert [key["algorithm"] for key in found["keys"]] == ["ed25519-sha256", "rsa-sha256"]
    assert found["returnPathHost"] == "bounce.example.com"


async def test_a_domain_may_have_no_return_path(client: httpx2.AsyncClient):
    found = (await client.post("/api/v1/domains", json={"name": "example.com", "returnPathHost": None})).json()
    assert "return_path" not in by_purpose(found)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"name": "localhost"}, "no domain name"),
        ({"name": "example.com", "trackingHost": "example.com"}, "a name of its own"),
        ({"name": "example.com", "connected": True}, "connected"),
    ],
)
async def test_what_cannot_be_added_is_refused_with_a_reason(
    client: httpx2.AsyncClient, body: dict[str, Any], words: str
):
    answer = await client.post("/api/v1/domains", json=body)
    assert (answer.status_code, words in answer.text) == (400, True)


@pytest.mark.usefixtures("example")
async def test_a_check_connects_a_domain_the_moment_its_records_are_right(
    services: http.Services, domain_desk: connect_domain.Desk, acme: Tenant
):
    async with dns_says(ZONE, ZONE) as (name_servers, _):
        desk = replace(domain_desk, name_servers=name_servers)
        async with client_of(replace(services, domain_desk=desk), acme.headers) as client:
            found = (await client.post(f"{HERE}/check")).json()
    assert (found["state"], found["connectedHow"], found["usable"]) == ("connected", "dns", True)


@pytest.mark.usefixtures("example")
async def test_a_check_says_what_each_name_server_answers_and_what_to_do(
    services: http.Services, domain_desk: connect_domain.Desk, acme: Tenant
):
    async with dns_says(ZONE, AROUND) as (name_servers, _):
        desk = replace(domain_desk, name_servers=name_servers)
        async with client_of(replace(services, domain_desk=desk), acme.headers) as client:
            found = by_purpose((await client.post(f"{HERE}/check")).json())["dkim"]
    assert found["state"] == "not_the_same_everywhere"
    assert found["found"] == [
        {"server": "ns1.dns.test", "values": ["v=DKIM1; k=rsa; p=abc"]},
        {"server": "ns2.dns.test", "values": []},
    ]
    assert "ns2.dns.test does not give it yet" in found["advice"]


@pytest.mark.usefixtures("example")
async def test_a_check_in_a_loop_asks_nobody(
    services: http.Services, domain_desk: connect_domain.Desk, acme: Tenant, clock: MovableClock
):
    async with dns_says(AROUND) as (name_servers, servers):
        desk = replace(domain_desk, name_servers=name_servers)
        async with client_of(replace(services, domain_desk=desk), acme.headers) as client:
            await client.post(f"{HERE}/check")
            asked = sum(servers[0].asked.values())
            clock.advance(timedelta(seconds=5))
            await client.post(f"{HERE}/check")
            assert sum(servers[0].asked.values()) == asked


@pytest.mark.usefixtures("example")
async def test_rotating_twice_is_a_conflict_that_says_what_to_publish(client: httpx2.AsyncClient):
    answers = [await client.post(f"{HERE}/rotate") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert "publish sw" in answers[1].json()["message"]


@pytest.mark.usefixtures("example")
async def test_a_removed_domain_is_gone(client: httpx2.AsyncClient):
    assert [(await client.delete(HERE)).status_code for _ in range(2)] == [204, 404]


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize("tail", ["", "/check", "/rotate"])
async def test_a_domain_of_another_account_is_not_there(services: http.Services, rival: Tenant, tail: str):
    async with client_of(services, rival.headers) as client:
        answer = await (client.post(HERE + tail) if tail else client.get(HERE))
    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["example.org", "localhost", "%20", "_"])
async def test_a_name_that_the_account_does_not_have_is_not_there(client: httpx2.AsyncClient, name: str):
    assert (await client.get(f"/api/v1/domains/{name}")).status_code == 404


@pytest.mark.usefixtures("example")
async def test_no_token_connects_a_domain_by_decree(client: httpx2.AsyncClient):
    assert (await client.post(f"{HERE}/connect")).status_code == 404


async def test_who_added_a_domain_is_in_the_audit_log(client: httpx2.AsyncClient, db: database.Database, acme: Tenant):
    await client.post("/api/v1/domains", json={"name": "example.com"})
    entry = (await db.read(accounts.list_audit_entries, acme.account.id))[0]
    assert (entry.who, entry.what, entry.details) == (acme.token.id, "domain.added", {"domain": "example.com"})


async def test_without_a_desk_the_door_says_so(services: http.Services, acme: Tenant):
    async with client_of(replace(services, domain_desk=None), acme.headers) as client:
        assert (await client.get("/api/v1/domains")).status_code == 503
