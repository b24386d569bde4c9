"""Suppressions over the API: added, found, shown, lifted, carried in and out, each account its own."""

from __future__ import annotations

from urllib.parse import quote

import httpx2
import pytest

from sendwright import database, feedback
from sendwright.doors import http
from tests.doors.conftest import Tenant, client_of

pytestmark = pytest.mark.anyio
LIST = "/api/v1/suppressions"
ANN = f"{LIST}/{quote('ann@example.org')}"


async def add(client: httpx2.AsyncClient, address: str, **more: str) -> httpx2.Response:
    return await client.post(LIST, json={"address": address, **more})


async def test_what_is_added_is_listed_shown_and_lifted(client: httpx2.AsyncClient):
    made = await add(client, "Ann@Example.org", explanation="asked by phone")
    assert (made.status_code, made.json()["address"], made.json()["cause"]) == (201, "ann@example.org", "bounced")
    shown = (await client.get(ANN)).json()
    assert (shown["explanation"], "until" in shown) == ("asked by phone", False)
    assert (await client.get(LIST)).json()["results"] == [shown]
    assert (await client.delete(ANN)).status_code == 204
    assert (await client.delete(ANN)).status_code == 404
    assert (await client.get(ANN)).status_code == 404


async def test_the_first_cause_stands(client: httpx2.AsyncClient):
    await add(client, "ann@example.org", cause="complained")
    assert (await add(client, "ann@example.org", cause="bounced")).json()["cause"] == "complained"


@pytest.mark.parametrize(
    "wish",
    [
        {"address": "nobody"}, {"address": "ann@example.org", "cause": "blocked"},
        {"address": "ann@example.org", "stream": "odd"}, {"address": "ann@example.org", "until": "soon"},
        {"address": "ann@example.org", "accountId": "2"},
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_with_a_sentence(client: httpx2.AsyncClient, wish: dict[str, str]):
    answer = await client.post(LIST, json=wish)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


async def test_lists_are_searched_filtered_and_paged(client: httpx2.AsyncClient):
    for address in ("ann@example.org", "bob@example.org", "cat@shop.test"):
        await add(client, address)
    await add(client, "@shop.test")
    assert len((await client.get(LIST, params={"search": "EXAMPLE"})).json()["results"]) == 2
    assert len((await client.get(LIST, params={"search": "%"})).json()["results"]) == 0
    assert len((await client.get(LIST, params={"cause": "blocked"})).json()["results"]) == 1
    assert (await client.get(LIST, params={"cause": "odd"})).status_code == 400
    first = (await client.get(LIST, params={"limit": "3"})).json()
    rest = (await client.get(LIST, params={"limit": "3", "after": first["paging"]["next"]["after"]})).json()
    assert [each["address"] for each in first["results"] + rest["results"]] == [
        "@shop.test", "ann@example.org", "bob@example.org", "cat@shop.test",
    ]  # fmt: skip
    assert "paging" not in rest


async def test_a_table_is_tried_taken_and_given_back(client: httpx2.AsyncClient):
    table = "address,cause\nann@example.org,complained\nnobody,\n@shop.test,\n"
    tried = (await client.post(f"{LIST}/import", json={"csv": table, "dryRun": True})).json()
    assert (tried["taken"], [each["line"] for each in tried["bad"]], tried["dryRun"]) == (2, [3], True)
    assert (await client.get(LIST)).json()["results"] == []
    await client.post(f"{LIST}/import", json={"csv": table})
    given = await client.get(f"{LIST}/export")
    assert given.headers["Content-Type"].startswith("text/csv")
    assert [line.split(",")[0] for line in given.text.splitlines()] == ["address", "'@shop.test", "ann@example.org"]


async def test_an_account_neither_sees_nor_lifts_for_another(
    client: httpx2.AsyncClient, services: http.Services, rival: Tenant, db: database.Database, acme: Tenant
):
    await add(client, "ann@example.org")
    async with client_of(services, rival.headers) as other:
        assert (await other.get(LIST)).json()["results"] == []
        assert (await other.get(ANN)).status_code == 404
        assert (await other.delete(ANN)).status_code == 404
    assert await db.read(feedback.find_suppression, acme.account.id, "transactional", "ann@example.org") is not None


async def test_of_very_many_bad_rows_a_thousand_are_told_and_all_are_counted(client: httpx2.AsyncClient):
    table = "address\n" + "nobody\n" * 1_200 + "ann@example.org\n"
    answer = (await client.post(f"{LIST}/import", json={"csv": table})).json()
    assert (answer["taken"], answer["notTaken"], len(answer["bad"])) == (1, 1_200, 1_000)


async def test_a_table_of_more_rows_than_one_commit_takes_is_taken_whole(client: httpx2.AsyncClient):
    table = "address\n" + "".join(f"p{number}@example.org\n" for number in range(1_100))
    assert (await client.post(f"{LIST}/import", json={"csv": table})).json()["taken"] == 1_100
    assert len((await client.get(f"{LIST}/export")).text.splitlines()) == 1_101
