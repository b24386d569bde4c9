"""The single-send door: what is read from a request, what is shown of a send."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from sendwright import accounts, database
from sendwright.doors import http
from sendwright.doors.http import Dialect, SendRequest, SentEvent, StatusView
from tests.doors.conftest import Stories, Tenant, client_of

pytestmark = pytest.mark.anyio
DATABASES = ("sqlite",)

V3 = "/marketing/v3/transactional/single-email/send"
V4 = "/marketing/v4/email/single-send"
V1 = "/email/public/v1/singleEmail/send"
STATUSES = "/marketing/v3/email/send-statuses/"
MAIL: dict[str, Any] = {"emailId": 101, "message": {"to": "ada@example.com"}}


async def accepted(client: httpx2.AsyncClient, stories: Stories, body: object, path: str = V3) -> SendRequest:
    answer = await client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return stories.accepted[-1][1]


async def complaints(client: httpx2.AsyncClient, body: object, path: str = V3) -> dict[str, str]:
    answer = await client.post(path, json=body)
    found = answer.json()
    assert (answer.status_code, found["category"]) == (400, "VALIDATION_ERROR")
    return {each["in"]: each["message"] for each in found.get("errors", [])}


async def test_a_send_is_answered_with_its_status(client: httpx2.AsyncClient):
    answer = await client.post(V3, json=MAIL)
    assert (answer.status_code, answer.json()) == (
        200, {"statusId": "status-1", "status": "PENDING", "requestedAt": "2026-03-02T14:02:07.000Z"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        (V3, Dialect.V3),
        (V3 + "/", Dialect.V3),
        ("/marketing/transactional/2026-03/single-email/send", Dialect.V3),
        (V4, Dialect.V4),
        ("/marketing/email-campaigns/2027-03-beta/single-send", Dialect.V4),
        (V1, Dialect.V1),
    ],
)
async def test_every_family_of_paths_is_known(
    with_settings: Callable[[http.HttpSettings], http.Services],
    acme: Tenant, stories: Stories, path: str, dialect: Dialect,
):  # fmt: skip
    services = with_settings(http.HttpSettings(wait_for_result=timedelta(0)))
    async with client_of(services, acme.headers) as client:
        assert (await accepted(client, stories, MAIL, path)).dialect is dialect


async def test_the_caller_is_handed_on(client: httpx2.AsyncClient, stories: Stories, acme: Tenant):
    await accepted(client, stories, MAIL)
    assert stories.accepted[0][0].account_id == acme.account.id


async def test_everything_that_can_be_said_is_read(client: httpx2.AsyncClient, stories: Stories):
    body = {
        "emailId": 4126643121,
        "message": {
            "to": "ada@example.com", "from": "Shop <shop@example.com>", "sendId": "order-1",
            "replyTo": ["help@example.com"], "cc": ["a@example.com"], "bcc": ["b@example.com", "c@example.com"],
        },
        "contactProperties": {"firstname": "Ada"},
        "customProperties": {"items": [{"name": "Tea", "price": 2.5}], "vip": True},
    }  # fmt: skip
    found = await accepted(client, stories, body)
    assert replace(found, fingerprint="") == SendRequest(
        email_id=4126643121,
        to="ada@example.com",
        from_="Shop <shop@example.com>",
        send_id="order-1",
        reply_to=("help@example.com",),
        cc=("a@example.com",),
        bcc=("b@example.com", "c@example.com"),
        contact_properties={"firstname": "Ada"},
        custom_properties={"items": [{"name": "Tea", "price": 2.5}], "vip": True},
        idempotency_key=None,
        retry_count=None,
        dialect=Dialect.V3,
        fingerprint="",
    )


@pytest.mark.parametrize("empty", [None, [], "", {}])
async def test_what_is_optional_may_be_null_or_empty(client: httpx2.AsyncClient, stories: Stories, empty: object):
    message = {"to": "ada@example.com", "replyTo": empty, "cc": empty, "bcc": empty}
    body = {"emailId": 101, "message": message, "contactProperties": empty, "customProperties": empty}
    found = await accepted(client, stories, body)
    assert (found.reply_to, found.cc, found.bcc, found.contact_properties, found.custom_properties) == (
        (),
        (),
        (),
        {},
        {},
    )


@pytest.mark.parametrize("empty", [None, ""])
async def test_optional_texts_may_be_null_or_empty(client: httpx2.AsyncClient, stories: Stories, empty: str | None):
    found = await accepted(client, stories, {"emailId": 1, "message": {"to": "a", "from": empty, "sendId": empty}})
    assert (found.from_, found.send_id) == (None, None)


async def test_a_bare_string_is_a_list_of_one(client: httpx2.AsyncClient, stories: Stories):
    message = {"to": "ada@example.com", "replyTo": "r@example.com", "cc": "c@example.com", "bcc": "b@example.com"}
    found = await accepted(client, stories, {"emailId": 101, "message": message})
    assert (found.reply_to, found.cc, found.bcc) == (("r@example.com",), ("c@example.com",), ("b@example.com",))


async def test_an_email_id_may_be_a_numeric_string(client: httpx2.AsyncClient, stories: Stories):
    assert (await accepted(client, stories, MAIL | {"emailId": "4126643121"})).email_id == 4126643121


async def test_contact_properties_become_text(client: httpx2.AsyncClient, stories: Stories):
    body = MAIL | {"contactProperties": {"age": 36, "rate": 1.5, "vip": True, "gone": None, "name": "Ada"}}
    found = await accepted(client, stories, body)
    assert found.contact_properties == {"age": "36", "rate": "1.5", "vip": "true", "gone": "", "name": "Ada"}


async def test_an_address_that_cannot_be_one_is_for_the_status_to_tell(client: httpx2.AsyncClient, stories: Stories):
    assert (await accepted(client, stories, {"emailId": 101, "message": {"to": ""}})).to == ""


async def test_unknown_fields_are_ignored(client: httpx2.AsyncClient, stories: Stories):
    body = MAIL | {"account_id": 2, "portalId": 2, "id": 7, "scopes": ["all"], "dialect": "v1", "fingerprint": "x"}
    found = await accepted(client, stories, body)
    assert (found.dialect, stories.accepted[-1][0].account_id) == (Dialect.V3, 1)


async def test_the_idempotency_key_and_the_retry_count_are_read(client: httpx2.AsyncClient, stories: Stories):
    headers = {"Idempotency-Key": "order-1", "x-stainless-retry-count": "2"}
    await client.post(V3, json=MAIL, headers=headers)
    found = stories.accepted[-1][1]
    assert (found.idempotency_key, found.retry_count) == ("order-1", 2)


async def test_a_retry_count_that_is_none_is_none(client: httpx2.AsyncClient, stories: Stories):
    await client.post(V3, json=MAIL, headers={"x-stainless-retry-count": "many"})
    assert stories.accepted[-1][1].retry_count is None


async def test_identical_bodies_of_one_token_have_one_fingerprint(client: httpx2.AsyncClient, stories: Stories):
    first, second = [await accepted(client, stories, MAIL) for _ in range(2)]
    assert first.fingerprint == second.fingerprint


async def test_another_body_has_another_fingerprint(client: httpx2.AsyncClient, stories: Stories):
    first, second = [await accepted(client, stories, MAIL | {"emailId": number}) for number in (1, 2)]
    assert first.fingerprint != second.fingerprint


async def test_the_same_body_of_another_token_has_another_fingerprint(
    services: http.Services, acme: Tenant, rival: Tenant, stories: Stories
):
    for tenant in (acme, rival):
        async with client_of(services, tenant.headers) as client:
            await client.post(V3, json=MAIL)
    assert len({request.fingerprint for _, request in stories.accepted}) == 2


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"message": {"to": "a"}}, "emailId"),
        ({"emailId": None, "message": {"to": "a"}}, "emailId"),
        ({"emailId": True, "message": {"to": "a"}}, "emailId"),
        ({"emailId": 1.5, "message": {"to": "a"}}, "emailId"),
        ({"emailId": "first", "message": {"to": "a"}}, "emailId"),
        ({"emailId": [101], "message": {"to": "a"}}, "emailId"),
        ({"emailId": 10**30, "message": {"to": "a"}}, "emailId"),
        ({"emailId": "9" * 19, "message": {"to": "a"}}, "emailId"),
        ({"emailId": 101}, "message"),
        ({"emailId": 101, "message": "ada@example.com"}, "message"),
        ({"emailId": 101, "message": []}, "message"),
        ({"emailId": 101, "message": {}}, "message.to"),
        ({"emailId": 101, "message": {"to": None}}, "message.to"),
        ({"emailId": 101, "message": {"to": 7}}, "message.to"),
        ({"emailId": 101, "message": {"to": "a" * 2001}}, "message.to"),
        ({"emailId": 101, "message": {"to": "a", "from": ["b"]}}, "message.from"),
        ({"emailId": 101, "message": {"to": "a", "from": "a" * 2001}}, "message.from"),
        ({"emailId": 101, "message": {"to": "a", "sendId": 7}}, "message.sendId"),
        ({"emailId": 101, "message": {"to": "a", "sendId": "a" * 501}}, "message.sendId"),
        ({"emailId": 101, "message": {"to": "a", "replyTo": 7}}, "message.replyTo"),
        ({"emailId": 101, "message": {"to": "a", "replyTo": {"a": 1}}}, "message.replyTo"),
        ({"emailId": 101, "message": {"to": "a", "cc": 0}}, "message.cc"),
        ({"emailId": 101, "message": {"to": "a", "cc": False}}, "message.cc"),
        ({"emailId": 101, "message": {"to": "a", "cc": ["b", 7]}}, "message.cc[1]"),
        ({"emailId": 101, "message": {"to": "a", "bcc": ["a" * 2001]}}, "message.bcc[0]"),
        (MAIL | {"contactProperties": "name"}, "contactProperties"),
        (MAIL | {"contactProperties": {"a": {"b": 1}}}, "contactProperties.a"),
        (MAIL | {"contactProperties": {"a": [1]}}, "contactProperties.a"),
        (MAIL | {"customProperties": 7}, "customProperties"),
    ],
)  # fmt: skip
async def test_a_wrong_field_is_named(client: httpx2.AsyncClient, body: object, where: str):
    assert list(await complaints(client, body)) == [where]


@pytest.mark.parametrize("body", [[], "text", 7, None, True])
async def test_a_body_that_is_no_object_is_refused(client: httpx2.AsyncClient, body: object):
    answer = await client.post(V3, content=json.dumps(body))
    assert (answer.status_code, "must be a JSON object" in answer.json()["message"]) == (400, True)


async def test_all_wrong_fields_are_named_at_once(client: httpx2.AsyncClient):
    assert list(await complaints(client, {"message": {"cc": 7}})) == ["emailId", "message.to", "message.cc"]


@pytest.mark.parametrize(
    ("body", "where", "hint"),
    [
        (MAIL | {"contactProperties": [{"name": "a", "value": "b"}]}, "contactProperties", "legacy v1"),
        (MAIL | {"customProperties": [{"name": "a", "value": "b"}]}, "customProperties", "legacy v1"),
        ({"emailId": 1, "message": {"to": "a", "replyToList": ["b"]}}, "message.replyToList", "'replyTo'"),
        ({"emailId": 1, "message": {"to": "a", "_from": "b"}}, "message._from", "called 'from'"),
        ({"emailId": 1, "message": {"to": ["a"]}}, "message.to", "Send once for each recipient"),
        ({"customProperties": MAIL}, "emailId", "the whole request was put inside customProperties"),
    ],
)
async def test_a_known_mistake_gets_a_hint(client: httpx2.AsyncClient, body: object, where: str, hint: str):
    assert hint in (await complaints(client, body))[where]


@pytest.mark.parametrize("key", ["a" * 501, "caf\xe9", "a\tb"])
async def test_an_odd_idempotency_key_is_refused(client: httpx2.AsyncClient, key: str):
    answer = await client.post(V3, json=MAIL, headers={"Idempotency-Key": key.encode("latin-1")})  # type: ignore[dict-item]
    assert (answer.status_code, answer.json()["errors"][0]["in"]) == (400, "Idempotency-Key")


# The legacy dialect


async def test_v1_takes_lists_of_name_and_value(client: httpx2.AsyncClient, stories: Stories):
    stories.statuses[1, "status-1"] = StatusView(status_id="status-1", status="COMPLETE", requested_at=stories.now)
    body = MAIL | {
        "contactProperties": [{"name": "age", "value": 36}], "customProperties": [{"name": "items", "value": [1]}],
    }  # fmt: skip
    found = await accepted(client, stories, body, V1)
    assert (found.contact_properties, found.custom_properties) == ({"age": "36"}, {"items": [1]})


async def test_v1_joins_both_ways_to_say_reply_to(client: httpx2.AsyncClient, stories: Stories):
    stories.statuses[1, "status-1"] = StatusView(status_id="status-1", status="COMPLETE", requested_at=stories.now)
    message = {"to": "ada@example.com", "replyTo": "a@example.com", "replyToList": ["b@example.com"]}
    assert (await accepted(client, stories, {"emailId": 1, "message": message}, V1)).reply_to == (
        "a@example.com", "b@example.com",
    )  # fmt: skip


@pytest.mark.parametrize("wrong", [[7], [{"value": 1}], [{"name": 7}], ["name"]])
async def test_v1_names_a_wrong_pair(client: httpx2.AsyncClient, wrong: object):
    assert list(await complaints(client, MAIL | {"customProperties": wrong}, V1)) == ["customProperties[0]"]


async def test_v1_waits_for_the_outcome(client: httpx2.AsyncClient, stories: Stories, now: datetime):
    view = StatusView(
        status_id="status-1", status="COMPLETE", requested_at=now, send_result="SENT",
        event_id=SentEvent(id="0190b5f0-0000-7000-8000-000000000001", created=now),
    )  # fmt: skip
    stories.statuses[1, "status-1"] = view
    assert (await client.post(V1, json=MAIL)).json() == {
        "sendResult": "SENT", "message": "The email was sent.",
        "eventId": {"id": "0190b5f0-0000-7000-8000-000000000001", "created": 1772460127000},
    }  # fmt: skip


async def test_v1_tells_what_went_wrong(client: httpx2.AsyncClient, stories: Stories, now: datetime):
    stories.statuses[1, "status-1"] = StatusView(
        status_id="status-1",
        status="COMPLETE",
        requested_at=now,
        send_result="MISSING_CONTENT",
        message="No such mail.",
    )
    assert (await client.post(V1, json=MAIL)).json() == {"sendResult": "MISSING_CONTENT", "message": "No such mail."}


async def test_v1_looks_again_until_there_is_an_outcome(client: httpx2.AsyncClient, stories: Stories, now: datetime):
    stories.becomes["status-1"] = StatusView(
        status_id="status-1", status="COMPLETE", requested_at=now, send_result="SENT"
    )
    assert (await client.post(V1, json=MAIL)).json()["sendResult"] == "SENT"


async def test_v1_answers_queued_when_the_outcome_takes_too_long(
    with_settings: Callable[[http.HttpSettings], http.Services], acme: Tenant
):
    services = with_settings(http.HttpSettings(wait_for_result=timedelta(milliseconds=30)))
    async with client_of(services, acme.headers) as client:
        answer = await client.post(V1, json=MAIL)
    assert (answer.status_code, answer.json()["sendResult"], "eventId" in answer.json()) == (200, "QUEUED", False)


# The status


async def test_a_status_tells_all_that_is_known(client: httpx2.AsyncClient, stories: Stories, now: datetime):
    stories.statuses[1, "s"] = StatusView(
        status_id="s", status="COMPLETE", requested_at=now, started_at=now + timedelta(milliseconds=12),
        completed_at=now + timedelta(seconds=1), send_result="SENT", message="Taken.",
        event_id=SentEvent(id="e", created=now + timedelta(seconds=1)),
    )  # fmt: skip
    assert (await client.get(STATUSES + "s")).json() == {
        "statusId": "s", "status": "COMPLETE", "requestedAt": "2026-03-02T14:02:07.000Z",
        "startedAt": "2026-03-02T14:02:07.012Z", "completedAt": "2026-03-02T14:02:08.000Z", "sendResult": "SENT",
        "eventId": {"id": "e", "created": "2026-03-02T14:02:08.000Z"}, "message": "Taken.",
    }  # fmt: skip


async def test_the_status_of_another_account_is_not_there(
    client: httpx2.AsyncClient, rival: Tenant, stories: Stories, now: datetime
):
    stories.statuses[rival.account.id, "s"] = StatusView(status_id="s", status="PENDING", requested_at=now)
    assert (await client.get(STATUSES + "s")).status_code == 404


async def test_a_long_status_id_is_not_looked_for(client: httpx2.AsyncClient):
    assert (await client.get(STATUSES + "s" * 101)).status_code == 404


async def test_a_marketing_token_may_send_by_v4_only(
    services: http.Services, db: database.Database, acme: Tenant, now: datetime
):
    _, secret = await db.write(accounts.create_token, acme.account.id, "m", ["marketing-email"], now, "ada")
    async with client_of(services, {"Authorization": f"Bearer {secret}"}) as client:
        answers = [(await client.post(path, json=MAIL)).status_code for path in (V4, V3)]
    assert answers == [200, 403]
