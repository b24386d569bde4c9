"""SMTP tokens over HTTP: three families of paths, exact codes, passwords shown once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from sendwright import accounts, database, emails, smtp_tokens
from sendwright.doors import http

from .conftest import MovableClock, Tenant, client_of

pytestmark = pytest.mark.anyio
DATABASES = ("sqlite",)  # the rooms' own tests ask both kinds for every row

PATH = "/marketing/v3/transactional/smtp-tokens"
DATED = "/marketing/transactional/2026-03/smtp-tokens"
V1 = "/email/public/v1/smtpapi/tokens"
EMAILS = "/marketing/v3/emails"
WANTED = {"createContact": True, "campaignName": "Receipts"}
Client = httpx2.AsyncClient


async def create(client: Client, path: str = PATH, **changes: Any) -> dict[str, Any]:
    answer = await client.post(path, json={**WANTED, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def opens(db: database.Database, username: str, password: str, now: datetime) -> bool:
    return accounts.is_smtp_password(await db.read(accounts.find_smtp_login, username), password, now)


# --- create


@pytest.mark.parametrize("path", [PATH, PATH + "/", DATED, DATED + "/"])
async def test_a_new_token_is_a_201_that_says_where_it_is_read(client: Client, path: str):
    answer = await client.post(path, json=WANTED)
    place = answer.headers["Location"]
    assert answer.status_code == 201
    assert place == f"https://send.example.com{path.rstrip('/')}/{answer.json()['id']}"
    assert (await client.get(place.removeprefix("https://send.example.com"))).status_code == 200


async def test_a_new_token_has_every_field_of_the_model(client: Client, acme: Tenant):
    found = await create(client)
    assert found.keys() == {
        "id", "campaignName", "createContact", "createdAt", "createdBy", "emailCampaignId", "password", "expiresAt",
    }  # fmt: skip
    assert found["id"].endswith(f"@{acme.account.id}.smtp.localhost")
    assert (found["campaignName"], found["createContact"]) == ("Receipts", True)
    assert (found["createdAt"], found["expiresAt"]) == ("2026-03-02T14:02:07.000Z", "2027-03-02T14:02:07.000Z")
    assert isinstance(found["emailCampaignId"], str)


async def test_its_password_logs_in(client: Client, db: database.Database, now: datetime):
    found = await create(client)
    assert await opens(db, found["id"], found["password"], now)


async def test_the_user_name_ends_with_the_host_of_the_submission_door(services: http.Services, acme: Tenant):
    async with client_of(replace(services, smtp_host="smtp.example.com"), acme.headers) as client:
        assert (await create(client))["id"].endswith("@1.smtp.smtp.example.com")


async def test_the_creator_is_a_person(client: Client, db: database.Database, acme: Tenant, now: datetime):
    await db.write(accounts.create_user, acme.account.id, "ada@example.com", "hash", now, "operator")
    assert (await create(client))["createdBy"] == "ada@example.com"


async def test_without_any_person_the_creator_is_the_operator(client: Client):
    assert (await create(client))["createdBy"] == "operator@localhost"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"campaignName": None}, "campaignName"),
        ({"campaignName": " "}, "campaignName"),
        ({"campaignName": 5}, "campaignName"),
        ({"campaignName": "x" * 1001}, "campaignName"),
        ({"createContact": "yes"}, "createContact"),
        ({"createContact": 1}, "createContact"),
        ({"createContact": None}, "createContact"),
    ],
)
async def test_what_is_wrong_is_named(client: Client, changes: dict[str, Any], field: str):
    answer = await client.post(PATH, json={**WANTED, **changes})
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert [each["in"] for each in answer.json()["errors"]] == [field]


async def test_what_is_missing_is_named(client: Client):
    answer = await client.post(PATH, json={})
    assert sorted(each["in"] for each in answer.json()["errors"]) == ["campaignName", "createContact"]


async def test_a_refused_token_leaves_no_email_behind(client: Client):
    await client.post(PATH, json={"campaignName": "Receipts"})
    assert (await client.get(EMAILS)).json()["total"] == 0


# --- read, list


@pytest.mark.parametrize("at", ["@", "%40"])
@pytest.mark.parametrize("family", [PATH, DATED])
async def test_a_token_is_read_without_its_password(client: Client, family: str, at: str):
    made = await create(client)
    answer = await client.get(f"{family}/{made['id'].replace('@', at)}")
    assert (answer.status_code, answer.json()) == (200, {k: v for k, v in made.items() if k != "password"})


async def test_tokens_are_listed_page_by_page_without_passwords(client: Client):
    made = [(await create(client, campaignName=name))["id"] for name in "abc"]
    first = (await client.get(PATH, params={"limit": "2"})).json()
    after = first["paging"]["next"]["after"]
    last = (await client.get(PATH, params={"limit": "2", "after": after})).json()
    assert [token["id"] for token in [*first["results"], *last["results"]]] == made
    assert "paging" not in last
    assert "password" not in str(first)


async def test_the_link_to_the_next_page_works(client: Client):
    ids = [(await create(client))["id"] for _ in range(2)]
    first = (await client.get(DATED, params={"limit": "1", "campaignName": "Receipts"})).json()
    link = first["paging"]["next"]["link"].removeprefix("https://send.example.com")
    assert [token["id"] for token in (await client.get(link)).json()["results"]] == ids[1:]


@pytest.mark.parametrize("name", ["campaignName", "emailCampaignId"])
async def test_a_list_can_be_narrowed_to_a_campaign(client: Client, name: str):
    wanted, _ = await create(client), await create(client, campaignName="Alarms")
    found = (await client.get(PATH, params={name: wanted[name]})).json()["results"]
    assert [token["id"] for token in found] == [wanted["id"]]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "after=x", "emailCampaignId=x"])
async def test_a_query_that_cannot_be_is_named(client: Client, query: str):
    answer = await client.get(f"{PATH}?{query}")
    assert answer.json()["errors"][0]["in"] == query.partition("=")[0]


# --- reset, delete


@pytest.mark.parametrize("family", [PATH, DATED])
async def test_a_reset_answers_with_a_new_password_and_the_old_one_is_dead(
    client: Client, db: database.Database, family: str, now: datetime
):
    made = await create(client)
    answer = await client.post(f"{family}/{made['id']}/password-reset")
    reset = answer.json()
    assert answer.status_code == 200
    assert {**reset, "password": ""} == {**made, "password": ""}
    assert [await opens(db, made["id"], each["password"], now) for each in (made, reset)] == [False, True]


@pytest.mark.parametrize("family", [PATH, DATED, V1])
async def test_a_deleted_token_is_an_empty_204_and_then_a_404(client: Client, family: str):
    made = await create(client)
    answers = [await client.delete(f"{family}/{made['id']}") for _ in range(2)]
    assert [(answer.status_code, answer.content[:1]) for answer in answers] == [(204, b""), (404, b"{")]


@pytest.mark.parametrize("family", [PATH, DATED, V1])
@pytest.mark.parametrize("username", ["nobody@1.smtp.localhost", "x", "%00", "ü@1.smtp.localhost"])
async def test_a_token_that_is_not_there_is_a_404(client: Client, family: str, username: str):
    for method, tail in (("GET", ""), ("POST", "/password-reset"), ("DELETE", "")):
        answer = await client.request(method, f"{family}/{username}{tail}")
        assert (answer.status_code, answer.json()["category"]) == (404, "OBJECT_NOT_FOUND")


@pytest.mark.parametrize("family", [PATH, DATED, V1])
async def test_the_token_of_another_account_is_a_404(
    client: Client, services: http.Services, db: database.Database, rival: Tenant, family: str, now: datetime
):
    made = await create(client)
    async with client_of(services, rival.headers) as stranger:
        for method, tail in (("GET", ""), ("POST", "/password-reset"), ("DELETE", "")):
            assert (await stranger.request(method, f"{family}/{made['id']}{tail}")).status_code == 404
        found = (await stranger.get(family)).json()
    assert (found if family == V1 else found["results"]) == []
    assert await opens(db, made["id"], made["password"], now)


# --- v1


async def test_v1_makes_a_token_with_numbers_and_milliseconds(client: Client, acme: Tenant):
    answer = await client.post(V1, json={"createdBy": "ada@example.com", "campaignName": "Receipts"})
    found = answer.json()
    assert answer.status_code == 201
    assert {name: found[name] for name in found if name not in ("userName", "password", "emailCampaignId")} == {
        "portalId": acme.account.id, "createdAt": 1772460127000, "deleted": False, "createdBy": "ada@example.com",
        "appId": 22709, "campaignName": "Receipts",
    }  # fmt: skip
    assert isinstance(found["emailCampaignId"], int)


async def test_v1_makes_no_contacts_unless_it_is_asked_to(client: Client):
    for body, wanted in (({}, False), ({"createContact": True}, True)):
        made = (await client.post(V1, json={"campaignName": "Receipts", **body})).json()
        assert (await client.get(f"{PATH}/{made['userName']}")).json()["createContact"] is wanted


async def test_v1_wants_an_address_as_creator(client: Client):
    answer = await client.post(V1, json={"createdBy": "ada", "campaignName": "Receipts"})
    assert (answer.status_code, answer.json()["errors"][0]["in"]) == (400, "createdBy")


async def test_v1_lists_all_tokens_as_a_bare_list(client: Client):
    made = [(await create(client))["id"] for _ in range(2)]
    found = (await client.get(V1)).json()
    assert [token["userName"] for token in found] == made
    assert "password" not in str(found)


async def test_v1_reads_and_resets_what_v3_made(client: Client, db: database.Database, now: datetime):
    made = await create(client)
    assert (await client.get(f"{V1}/{made['id']}")).json()["campaignName"] == "Receipts"
    reset = (await client.post(f"{V1}/{made['id']}/password-reset")).json()
    assert await opens(db, made["id"], reset["password"], now)


# --- its e-mail


async def test_each_token_has_an_email_of_its_own(client: Client):
    made = [await create(client) for _ in range(2)]
    found = (await client.get(EMAILS, params={"type": "SMTP_TOKEN"})).json()["results"]
    assert [email["primaryEmailCampaignId"] for email in found] == [token["emailCampaignId"] for token in made]
    assert {(email["name"], email["subcategory"], email["state"]) for email in found} == {
        ("Receipts", "smtp_token", "PUBLISHED")
    }  # fmt: skip
    assert [(email["isPublished"], email["isTransactional"]) for email in found] == [(True, True)] * 2


async def test_the_email_outlives_the_token(client: Client):
    made = await create(client)
    await client.delete(f"{PATH}/{made['id']}")
    found = (await client.get(EMAILS)).json()["results"]
    assert [email["primaryEmailCampaignId"] for email in found] == [made["emailCampaignId"]]


async def test_the_email_cannot_be_sent_by_the_single_send_api(client: Client, db: database.Database, acme: Tenant):
    await create(client)
    email_id = int((await client.get(EMAILS)).json()["results"][0]["id"])
    assert await db.read(emails.published, acme.account.id, [email_id]) == {}


# --- made by a person


async def test_a_token_that_a_person_made_does_not_expire(
    client: Client, db: database.Database, acme: Tenant, clock: MovableClock, now: datetime
):
    wanted = smtp_tokens.Wanted(
        account_id=acme.account.id, campaign_name="Receipts", create_contact=False, host="localhost", by="operator"
    )
    token, _ = await db.write(smtp_tokens.create_by_user, wanted, now)
    assert "expiresAt" not in (await client.get(f"{PATH}/{token.id}")).json()


async def test_the_token_outlives_the_api_token_that_made_it(
    client: Client, db: database.Database, acme: Tenant, now: datetime
):
    made = await create(client)
    await db.write(accounts.revoke_token, acme.account.id, acme.token.id, now, "operator")
    assert await opens(db, made["id"], made["password"], now + timedelta(days=1))
