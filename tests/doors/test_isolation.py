"""No operation shows or changes a row of another account (attack D7)."""

from __future__ import annotations

from datetime import datetime

import httpx2
import pytest

from sendwright import database, domains, egresses, ledger
from sendwright.doors import http
from tests.doors.conftest import Stories, Tenant, client_of
from tests.ledger.waiting import shown, waiting

pytestmark = pytest.mark.anyio
DATABASES = ("sqlite",)

WITH_IDS = [operation for operation in http.all_operations() if operation.path_parameters]
BODIES = {
    "POST": {},
    "PATCH": {"state": "paused", "reason": "a rival's"},
    "PUT": {"members": [{"egress": "lovelace-ip", "share": 1}]},
}
"""What the operations under our own prefix take, so that it is the id that they refuse."""
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
    true_ids = await _fill(services, acme, stories, db, now)
    async with client_of(services, rival.headers) as client:
        for value in (*IDS, *true_ids):
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
            assert "lovelace" not in answer.text.lower(), operation.id


OWN = [operation for operation in WITH_IDS if operation.paths[0].startswith("/api/v1/")]


@pytest.mark.parametrize("operation", OWN, ids=lambda operation: operation.id)
async def test_a_rival_who_knows_every_id_changes_nothing(
    services: http.Services, acme: Tenant, rival: Tenant, stories: Stories, db: database.Database,
    operation: http.Operation, now: datetime,
):  # fmt: skip
    """With a body that it takes and the true ids: 404; a pool that names another's egress is refused."""
    true_ids = await _fill(services, acme, stories, db, now)
    before = await _all_that_is_shown(services, acme)
    allowed = {404} if operation.method != "PUT" and "emails" not in operation.paths[0] else {404, 400}
    async with client_of(services, rival.headers) as client:
        for value in true_ids:
            body = BODIES.get(operation.method)
            answer = await client.request(operation.method, path_with(operation, value), json=body)
            assert answer.status_code in allowed, (operation.id, value, answer.text)
    assert await _all_that_is_shown(services, acme) == before


async def _all_that_is_shown(services: http.Services, tenant: Tenant) -> dict[str, str]:
    lists = [each for each in http.all_operations() if each.method == "GET" and not each.path_parameters]
    async with client_of(services, tenant.headers) as client:
        return {each.id: (await client.get(each.paths[0])).text for each in lists}


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


async def _fill(
    services: http.Services, acme: Tenant, stories: Stories, db: database.Database, now: datetime
) -> tuple[str, ...]:
    """Gives Acme something of each kind, through the door where there is one. What names them."""
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
        await _create(client, "/api/v1/suppressions", {"address": "lovelace@example.com"})
    return ("lovelace.example.com", "lovelace@example.com", *await _fill_queue(acme, db, now))


async def _fill_queue(acme: Tenant, db: database.Database, now: datetime) -> tuple[str, ...]:
    """A delivery that waits by an egress of its own; a pause; a report."""
    account_id, seal = acme.account.id, database.Seal(b"s" * 32)
    means = egresses.OwnAddress(ip="192.0.2.7", ehlo_name="mx.lovelace.example.com", machine="here")
    egress = egresses.Egress(
        account_id=account_id, name="lovelace-ip", means=means, state=egresses.EgressState.ACTIVE, created_at=now,
        forced=True,
    )  # fmt: skip
    await db.write(egresses.add_egress, seal, egress)
    members = (egresses.Member(egress="lovelace-ip", weight=1),)
    await db.write(
        egresses.set_pool, seal,
        egresses.Pool(account_id=account_id, stream=egresses.Stream.TRANSACTIONAL, name="lovelace", members=members),
    )  # fmt: skip
    pause = ledger.Pause(
        account_id=account_id,
        kind=ledger.PauseKind.EGRESS,
        name="lovelace-ip",
        reason="Lovelace",
        since=now,
        until=None,
    )
    await db.write(ledger.pause, pause)
    new = await waiting(db, now, account_id=account_id, domain="lovelace.example.org", egress="lovelace-ip")
    send_id = (await shown(db, new, now, account_id)).send_id
    return ("lovelace-ip", "transactional", send_id, new.id)


async def _create(client: httpx2.AsyncClient, path: str, body: object) -> None:
    answer = await client.post(path, json=body)
    known = any(operation.paths[0].rstrip("/") == path for operation in http.all_operations())
    assert answer.status_code == (201 if known else 404), answer.text
