"""The list of sending domains."""

from __future__ import annotations

from datetime import datetime

import httpx2
import pytest

from sendwright import database, domains
from tests.doors.conftest import Tenant

pytestmark = pytest.mark.anyio

KEY = domains.NewKey(
    selector="sw1", algorithm=domains.KeyAlgorithm.RSA_SHA256, private_pem=b"private", public_record="v=DKIM1; p=abc"
)


@pytest.fixture
async def example(db: database.Database, acme: Tenant, now: datetime) -> None:
    seal = database.Seal(b"s" * 32)
    await db.write(domains.add_domain, seal, acme.account.id, "example.com", (KEY,), now)


@pytest.mark.usefixtures("example")
async def test_a_pending_domain_is_shown_with_the_records_it_wants(client: httpx2.AsyncClient):
    assert (await client.get("/api/v1/domains")).json() == {
        "results": [
            {
                "name": "example.com", "state": "pending", "createdAt": "2026-03-02T14:02:07.000Z",
                "records": [
                    {
                        "name": "sw1._domainkey.example.com", "type": "TXT", "value": "v=DKIM1; p=abc",
                        "purpose": "dkim",
                    },
                ],
            },
        ],
    }  # fmt: skip


@pytest.mark.usefixtures("example")
async def test_a_connected_domain_says_since_when_and_how(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    await db.write(domains.connect_domain, acme.account.id, "example.com", domains.Proof.DECREE, now)
    (found,) = (await client.get("/api/v1/domains")).json()["results"]
    assert (found["state"], found["connectedAt"], found["connectedHow"]) == (
        "connected", "2026-03-02T14:02:07.000Z", "decree",
    )  # fmt: skip
