"""What every operation has in common, seen through the door."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sendwright import accounts, database
from sendwright.doors import http
from tests.doors.conftest import MovableClock, Stories, Tenant, client_of

pytestmark = pytest.mark.anyio
DATABASES = ("sqlite",)

SEND = "/marketing/v3/transactional/single-email/send"
STATUS = "/marketing/v3/email/send-statuses/none"
MAIL = {"emailId": 101, "message": {"to": "ada@example.com"}}


async def test_an_operation_answers_with_and_without_a_slash_at_its_end(client: httpx2.AsyncClient):
    answers = [await client.get("/api/v1/domains"), await client.get("/api/v1/domains/")]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"results": []})] * 2


async def test_a_fault_comes_in_the_envelope(client: httpx2.AsyncClient):
    answer = await client.get(STATUS)
    found = answer.json()
    assert answer.status_code == 404
    assert uuid.UUID(found.pop("correlationId")).version == 4
    assert found == {
        "status": "error", "category": "OBJECT_NOT_FOUND",
        "message": "There is no send with this statusId in your account.",
    }  # fmt: skip


async def test_an_answer_names_its_correlation_id_in_a_header_too(client: httpx2.AsyncClient):
    answer = await client.get(STATUS)
    assert answer.headers["x-hubspot-correlation-id"] == answer.json()["correlationId"]


async def test_an_unknown_path_is_told_in_the_envelope(client: httpx2.AsyncClient):
    answer = await client.get("/crm/v9/nothing")
    assert (answer.status_code, answer.json()["category"]) == (404, "OBJECT_NOT_FOUND")


async def test_a_wrong_method_is_told_in_the_envelope(client: httpx2.AsyncClient):
    answer = await client.put(SEND)
    assert (answer.status_code, answer.headers["allow"], answer.json()["status"]) == (405, "POST", "error")


async def test_head_is_answered_like_get(client: httpx2.AsyncClient):
    assert (await client.head("/api/v1/domains")).status_code == 200


async def test_answers_are_neither_sniffed_nor_framed_nor_kept(client: httpx2.AsyncClient):
    headers = (await client.get("/api/v1/domains")).headers
    assert (headers["x-content-type-options"], headers["cache-control"], headers["content-security-policy"]) == (
        "nosniff", "no-store", "default-src 'none'; frame-ancestors 'none'",
    )  # fmt: skip


async def test_a_token_without_the_scope_is_told_which_would_do(
    services: http.Services, db: database.Database, acme: Tenant
):
    now = services.clock.now()
    _, secret = await db.write(accounts.create_token, acme.account.id, "narrow", ["content"], now, "operator")
    async with client_of(services, {"Authorization": f"Bearer {secret}"}) as client:
        answer = await client.post(SEND, json=MAIL)
    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")
    assert answer.json()["errors"][0]["context"] == {"requiredScopes": ["transactional-email"]}


async def test_a_full_or_locked_database_is_a_503_that_promises_nothing(client: httpx2.AsyncClient, stories: Stories):
    stories.fault = database.Unavailable("disk is full")
    answer = await client.post(SEND, json=MAIL)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_no_room_is_a_507_that_promises_nothing(client: httpx2.AsyncClient, stories: Stories):
    stories.fault = database.Full("disk is full")
    answer = await client.post(SEND, json=MAIL)
    assert (answer.status_code, answer.headers["retry-after"]) == (507, "60")
    assert answer.json()["category"] == "INSUFFICIENT_STORAGE"
    assert "nothing was accepted" in answer.json()["message"]


async def test_a_bug_is_a_500_that_shows_nothing(client: httpx2.AsyncClient, stories: Stories):
    stories.fault = KeyError("hunter2")
    answer = await client.post(SEND, json=MAIL)
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text


async def test_the_log_of_a_bug_quotes_no_values(
    client: httpx2.AsyncClient, stories: Stories, capsys: pytest.CaptureFixture[str]
):
    stories.fault = KeyError("hunter2")
    answer = await client.post(SEND, json=MAIL)
    logged = capsys.readouterr().out
    assert answer.json()["correlationId"] in logged
    assert "hunter2" not in logged


async def test_a_body_of_30_megabytes_is_refused(client: httpx2.AsyncClient):
    answer = await client.post(SEND, content=b'"' + b"a" * 30_000_000 + b'"')
    assert (answer.status_code, answer.json()["category"]) == (413, "VALIDATION_ERROR")


async def test_a_compressed_body_is_refused(client: httpx2.AsyncClient):
    answer = await client.post(SEND, content=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415


async def test_any_content_type_will_do(client: httpx2.AsyncClient):
    answer = await client.post(SEND, content=json.dumps(MAIL), headers={"Content-Type": "text/plain"})
    assert answer.status_code == 200


async def test_a_body_where_none_is_wanted_does_no_harm(client: httpx2.AsyncClient):
    answer = await client.request("GET", "/api/v1/domains", headers={"Content-Type": "application/json"}, content=b"")
    assert answer.status_code == 200


async def test_metered_answers_tell_the_limit(client: httpx2.AsyncClient):
    headers = (await client.get("/api/v1/domains")).headers
    assert [headers[f"x-hubspot-ratelimit-{name}"] for name in ("max", "remaining", "interval-milliseconds")] == [
        "100", "99", "10000",
    ]  # fmt: skip


async def test_over_the_limit_a_client_finds_all_that_it_may_look_for(
    with_settings: Callable[[http.HttpSettings], http.Services], acme: Tenant
):
    limited = with_settings(http.HttpSettings(requests_per_ten_seconds=1))
    async with client_of(limited, acme.headers) as client:
        await client.get("/api/v1/domains")
        answer = await client.get("/api/v1/domains")
    found = answer.json()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")
    assert (found["policyName"], found["errorType"], found["category"], found["message"]) == (
        "TEN_SECONDLY_ROLLING", "RATE_LIMIT", "RATE_LIMITS", "You have reached your ten_secondly_rolling limit.",
    )  # fmt: skip


async def test_single_sends_are_not_limited(with_settings: Callable[[http.HttpSettings], http.Services], acme: Tenant):
    limited = with_settings(http.HttpSettings(requests_per_ten_seconds=1))
    async with client_of(limited, acme.headers) as client:
        answers = [await client.post(SEND, json=MAIL) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]


async def test_a_made_up_forwarded_address_moves_no_limit(
    with_settings: Callable[[http.HttpSettings], http.Services], acme: Tenant
):
    limited = with_settings(http.HttpSettings(requests_per_ten_seconds=1))
    async with client_of(limited, acme.headers) as client:
        await client.get("/api/v1/domains")
        answer = await client.get("/api/v1/domains", headers={"X-Forwarded-For": "192.0.2.77"})
    assert answer.status_code == 429


async def test_without_a_limit_no_limit_is_told(
    with_settings: Callable[[http.HttpSettings], http.Services], acme: Tenant
):
    async with client_of(with_settings(http.HttpSettings(requests_per_ten_seconds=0)), acme.headers) as client:
        assert "x-hubspot-ratelimit-max" not in (await client.get("/api/v1/domains")).headers


async def test_given_pages_are_served(services: http.Services, acme: Tenant):
    async def show(request: Request) -> Response:
        return Response("here")

    async with client_of(replace(services, pages=[Route("/t/o/{token}", show)]), {}) as client:
        assert (await client.get("/t/o/abc")).text == "here"


async def test_a_bug_in_a_page_is_a_500_that_shows_nothing(services: http.Services):
    async def show(request: Request) -> Response:
        raise KeyError("hunter2")

    async with client_of(replace(services, pages=[Route("/broken", show)]), {}) as client:
        answer = await client.get("/broken")
    assert (answer.status_code, "hunter2" in answer.text) == (500, False)


async def test_a_page_says_503_while_the_database_is_gone(services: http.Services):
    async def show(request: Request) -> Response:
        raise database.Unavailable("locked")

    async with client_of(replace(services, pages=[Route("/locked", show)]), {}) as client:
        assert (await client.get("/locked")).status_code == 503


async def test_a_client_that_leaves_in_the_middle_gets_no_answer(services: http.Services, acme: Tenant):
    sent: list[object] = []
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> dict[str, object]:
        return next(messages)

    async def send(message: object) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": SEND, "raw_path": SEND.encode(), "query_string": b"",
        "headers": [(b"authorization", acme.headers["Authorization"].encode())],
    }  # fmt: skip
    await http.build_app(services)(scope, receive, send)  # type: ignore[arg-type]
    assert sent == []


async def test_other_protocols_are_left_alone(services: http.Services):
    await http.build_app(services)({"type": "lifespan"}, None, None)  # type: ignore[arg-type]


async def test_the_answer_of_a_search_tells_the_second_it_must_wait(
    services: http.Services, acme: Tenant, clock: MovableClock
):
    app = http.build_app(replace(services, settings=http.HttpSettings(searches_per_second=1)))
    searches = [each for each in http.all_operations() if each.meter is http.Meter.SEARCHES]
    assert searches
    path = searches[0].paths[0]
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://door.test", headers=acme.headers
    ) as client:
        first, second = [await client.post(path, json={}) for _ in range(2)]
        clock.advance(timedelta(seconds=1))
        third = await client.post(path, json={})
    assert (first.status_code, second.status_code, third.status_code) == (200, 429, 200)
    assert second.json()["message"] == "You have reached your secondly limit."
