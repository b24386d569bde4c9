"""No operation shows or changes a row of another account (attack D7)."""

from __future__ import annotations

from datetime import datetime

import httpx2
import pytest

from sendwright import database, domains
from sendwright.doors import http
from tests.doors.conftest import Stories, Tenant, client_of

pytestmark = pytest.mark.anyio
DATABASES = ("sqlite",)

WITH_IDS = [operation for operation in http.all_operations() if operation.path_parameters]
IDS = ("101", "102", "1", "status-1", "0190b5f0-0000-7000-8000-000000000001", "ada@example.com")


def path_with(operation: http.Operation, value: str) -> str:
    path = operation.paths[0]
    for name in operation.path_parameters:
        path = path.replace("{" + name + "}", value)
    return path


@pytest.mark.parametrize("operation", WITH_IDS, ids=lambda operation: operation.id)
async def test_the_ids_of_another_account_name_nothing(
    services: http.Services, acme: Tenant, rival: Tenant, stories: Stories, db: database.Database,
    operation: http.Operation, now: datetime,
):  # fmt: skip
    await _fill(services, acme, stories, db, now)
    async with client_of(services, rival.headers) as client:
        for value in IDS:
            answer = await client.request(operation.method, path_with(operation, value), json={"properties": {}})
            # archiving what is not there is a 204 by contract; a body that does not fit is told before any look-up
            assert answer.status_code in (404, 204, 400), (value, answer.text)
            assert "lovelace" not in answer.text.lower(), operation.id


async def test_lists_never_mix_accounts(
    services: http.Services, acme: Tenant, rival: Tenant, stories: Stories, db: database.Database, now: datetime
):
    await _fill(services, acme, stories, db, now)
    lists = [each for each in http.all_operations() if each.method == "GET" and not each.path_parameters]
    async with client_of(services, rival.headers) as client:
        for operation in lists:
            answer = await client.get(operation.paths[0])
            assert answer.status_code == 200, answer.text
            if answer.headers["Content-Type"].startswith("text/csv"):
                assert answer.text.count("\n") == 1, "the heading alone"
                continue
            found = answer.json()
            listed = found if isinstance(found, list) else found.get("results", found.get("events"))
            assert listed == [], operation.id


@pytest.mark.parametrize("operation", http.all_operations(), ids=lambda operation: operation.id)
async def test_every_operation_wants_a_token(services: http.Services, operation: http.Operation):
    async with client_of(services, {}) as client:
        for path in operation.paths:
            dated = path.replace("{date}", "2026-03").replace("{", "").replace("}", "")
            answer = await client.request(operation.method, dated)
            assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")


@pytest.mark.parametrize("operation", http.all_operations(), ids=lambda operation: operation.id)
def test_every_operation_wants_a_scope(operation: http.Operation):
    assert operation.scopes


async def _fill(services: http.Services, acme: Tenant, stories: Stories, db: database.Database, now: datetime) -> None:
    """Gives Acme something of each kind, through the door where there is one."""
    seal = database.Seal(b"s" * 32)
    await db.write(domains.add_domain, seal, acme.account.id, "lovelace.example.com", (), now)
    stories.statuses[acme.account.id, "status-1"] = http.StatusView(
        status_id="status-1", status="PENDING", requested_at=now, message="Lovelace"
    )
    async with client_of(services, acme.headers) as client:
        await _create(
            client, "/crm/v3/objects/contacts", {"properties": {"email": "ada@example.com", "lastname": "Lovelace"}}
        )
        content = {"html": "<p>Lovelace</p>"}
        await _create(client, "/marketing/v3/emails", {"name": "Lovelace", "subject": "Lovelace", "content": content})
        token = {"campaignName": "Lovelace", "createContact": True}
        await _create(client, "/marketing/v3/transactional/smtp-tokens", token)


async def _create(client: httpx2.AsyncClient, path: str, body: object) -> None:
    answer = await client.post(path, json=body)
    known = any(operation.paths[0].rstrip("/") == path for operation in http.all_operations())
    assert answer.status_code == (201 if known else 404), answer.text
