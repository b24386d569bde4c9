"""Contacts over HTTP: HubSpot's shapes, codes and words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from sendwright import crm, database
from sendwright.doors.http import HttpSettings
from tests.doors.conftest import MovableClock, Tenant, client_of

pytestmark = pytest.mark.anyio

CONTACTS = "/crm/v3/objects/contacts"


async def create(client: httpx2.AsyncClient, **properties: str) -> dict[str, Any]:
    answer = await client.post(CONTACTS, json={"properties": properties})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def search(client: httpx2.AsyncClient, **body: Any) -> httpx2.Response:
    return await client.post(f"{CONTACTS}/search", json=body)


async def test_a_created_contact_is_answered_whole(client: httpx2.AsyncClient):
    answer = await client.post(CONTACTS, json={"properties": {"email": "Jane@Example.com", "Visits": 3, "vip": True}})
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "id": "101",
            "properties": {
                "email": "jane@example.com",
                "visits": "3",
                "vip": "true",
                "hs_object_id": "101",
                "createdate": "2026-03-02T14:02:07.000Z",
                "lastmodifieddate": "2026-03-02T14:02:07.000Z",
            },
            "createdAt": "2026-03-02T14:02:07.000Z",
            "updatedAt": "2026-03-02T14:02:07.000Z",
            "archived": False,
        },
    )


@pytest.mark.parametrize(
    "path",
    ["/crm/objects/2026-03/contacts", "/crm/objects/2027-03-beta/0-1", "/crm/v3/objects/0-1", f"{CONTACTS}/"],
)
async def test_contacts_have_several_paths(client: httpx2.AsyncClient, path: str):
    created = await create(client, email="jane@example.com")
    answer = await client.get(path)
    assert (answer.status_code, [one["id"] for one in answer.json()["results"]]) == (200, [created["id"]])


async def test_a_duplicate_is_a_conflict_that_names_the_first(client: httpx2.AsyncClient):
    created = await create(client, email="jane@example.com")
    answer = await client.post(CONTACTS, json={"properties": {"email": "JANE@example.com"}})
    body = answer.json()
    assert (answer.status_code, body["status"], body["category"]) == (409, "error", "CONFLICT")
    assert body["message"] == f"Contact already exists. Existing ID: {created['id']}"


async def test_invalid_properties_are_all_named(client: httpx2.AsyncClient):
    answer = await client.post(CONTACTS, json={"properties": {"email": "nobody", "createdate": "1", "b-d": "1"}})
    assert answer.status_code == 400
    assert {(error["in"], error["code"]) for error in answer.json()["errors"]} == {
        ("email", "INVALID_EMAIL"),
        ("createdate", "READ_ONLY_VALUE"),
        ("b-d", "PROPERTY_DOESNT_EXIST"),
    }


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "properties"),
        ({"properties": []}, "properties"),
        ({"properties": {"x": {"y": 1}}}, "properties.x"),
        ({"properties": {"x": "a\x00b"}}, "properties.x"),
        ({"properties": {}, "associations": [{"to": {"id": "1"}}]}, "associations"),
    ],
)
async def test_a_body_of_the_wrong_shape_is_refused_by_its_field(
    client: httpx2.AsyncClient, body: dict[str, Any], where: str
):
    answer = await client.post(CONTACTS, json=body)
    assert (answer.status_code, answer.json()["errors"][0]["in"]) == (400, where)


async def test_a_read_contact_shows_the_usual_properties_null_where_empty(client: httpx2.AsyncClient):
    created = await create(client, email="jane@example.com", city="Oslo")
    answer = await client.get(f"{CONTACTS}/{created['id']}")
    assert answer.json()["properties"] == {
        "email": "jane@example.com",
        "firstname": None,
        "lastname": None,
        "hs_object_id": created["id"],
        "createdate": "2026-03-02T14:02:07.000Z",
        "lastmodifieddate": "2026-03-02T14:02:07.000Z",
    }


@pytest.mark.parametrize("query", ["properties=city&properties=none", "properties=city%2Cnone"])
async def test_wanted_properties_are_shown_however_they_are_listed(client: httpx2.AsyncClient, query: str):
    await create(client, email="jane+x@example.com", city="Oslo")
    answer = await client.get(f"{CONTACTS}/jane%2Bx%40example.com?idProperty=email&{query}")
    assert answer.json()["properties"] == {
        "city": "Oslo",
        "none": None,
        "hs_object_id": "101",
        "createdate": "2026-03-02T14:02:07.000Z",
        "lastmodifieddate": "2026-03-02T14:02:07.000Z",
    }


@pytest.mark.parametrize("path", ["999", "nobody", "nobody@example.com?idProperty=email", "x?idProperty=email"])
async def test_who_is_not_there_is_not_found(client: httpx2.AsyncClient, path: str):
    answers = [
        await client.get(f"{CONTACTS}/{path}"),
        await client.patch(f"{CONTACTS}/{path}", json={"properties": {}}),
    ]
    assert [(answer.status_code, answer.json()["category"]) for answer in answers] == [(404, "OBJECT_NOT_FOUND")] * 2


async def test_only_an_id_or_an_address_names_a_contact(client: httpx2.AsyncClient):
    answer = await client.get(f"{CONTACTS}/Oslo?idProperty=city")
    assert (answer.status_code, answer.json()["errors"][0]["in"]) == (400, "idProperty")


async def test_a_contact_of_another_account_is_not_found_and_not_touched(
    client: httpx2.AsyncClient, services: Any, rival: Tenant
):
    created = await create(client, email="jane@example.com")
    path = f"{CONTACTS}/{created['id']}"
    async with client_of(services, rival.headers) as other:
        answers = [
            await other.get(path),
            await other.patch(path, json={"properties": {"x": "1"}}),
            await other.get("/api/v1/contacts/101/timeline"),
            await other.get(f"{CONTACTS}/jane@example.com?idProperty=email"),
            await other.delete(path),
        ]
        found = (await search(other)).json()
    assert [answer.status_code for answer in answers] == [404, 404, 404, 404, 204]
    assert found == {"total": 0, "results": []}
    assert (await client.get(path)).json()["archived"] is False


async def test_history_is_shown_where_it_is_asked_for(client: httpx2.AsyncClient, clock: MovableClock):
    created = await create(client, email="jane@example.com", city="Oslo")
    await client.patch(f"{CONTACTS}/{created['id']}", json={"properties": {"city": ""}})
    answer = await client.get(f"{CONTACTS}/{created['id']}?propertiesWithHistory=city")
    past = answer.json()["propertiesWithHistory"]
    assert [(value["value"], value["sourceType"]) for value in past["city"]] == [("", "API"), ("Oslo", "API")]
    assert past["city"][0]["timestamp"] == "2026-03-02T14:02:07.000Z"


async def test_an_update_answers_the_whole_contact(client: httpx2.AsyncClient):
    await create(client, email="jane@example.com", city="Oslo")
    answer = await client.patch(
        f"{CONTACTS}/jane@example.com", params={"idProperty": "email"}, json={"properties": {"country": "Norway"}}
    )
    assert answer.status_code == 200
    assert answer.json()["properties"].items() >= {"city": "Oslo", "country": "Norway"}.items()


async def test_an_archived_contact_is_shown_among_the_archived(client: httpx2.AsyncClient):
    created = await create(client, email="jane@example.com")
    path = f"{CONTACTS}/{created['id']}"
    assert [(await client.delete(path)).status_code for _ in range(2)] == [204, 204]
    assert (await client.get(path)).status_code == 404
    archived = (await client.get(f"{path}?archived=True")).json()
    assert (archived["archived"], archived["archivedAt"]) == (True, "2026-03-02T14:02:07.000Z")
    assert [one["id"] for one in (await client.get(f"{CONTACTS}?archived=true")).json()["results"]] == [created["id"]]
    assert (await client.get(CONTACTS)).json() == {"results": []}
    assert (await client.get(f"{CONTACTS}/jane@example.com?idProperty=email&archived=true")).status_code == 404


async def test_a_list_has_pages(client: httpx2.AsyncClient):
    for n in range(5):
        await create(client, email=f"p{n}@example.com")
    first = (await client.get(f"{CONTACTS}?limit=3&properties=email")).json()
    link = first["paging"]["next"]["link"]
    assert link == "https://send.example.com/crm/v3/objects/contacts?limit=3&properties=email&after=103"
    second = (await client.get(link.removeprefix("https://send.example.com"))).json()
    assert [len(first["results"]), len(second["results"]), "paging" in second] == [3, 2, False]
    assert second["results"][0]["properties"]["email"] == "p3@example.com"


@pytest.mark.parametrize("query", ["limit=101", "limit=51&propertiesWithHistory=x", "limit=0", "after=x", "archived=x"])
async def test_a_list_refuses_what_it_cannot_do(client: httpx2.AsyncClient, query: str):
    assert (await client.get(f"{CONTACTS}?{query}")).status_code == 400


async def test_more_properties_than_five_hundred_cannot_be_asked_for(client: httpx2.AsyncClient):
    names = ",".join(f"p{n}" for n in range(501))
    assert (await client.get(f"{CONTACTS}?properties={names}")).status_code == 400


async def test_a_batch_that_succeeds_is_201(client: httpx2.AsyncClient):
    inputs = [{"properties": {"email": f"p{n}@example.com"}, "objectWriteTraceId": f"t{n}"} for n in range(3)]
    answer = await client.post(f"{CONTACTS}/batch/create", json={"inputs": inputs})
    body = answer.json()
    assert (answer.status_code, body["status"], "errors" in body) == (201, "COMPLETE", False)
    assert body["startedAt"] == body["completedAt"] == "2026-03-02T14:02:07.000Z"
    assert [one["objectWriteTraceId"] for one in body["results"]] == ["t0", "t1", "t2"]


async def test_a_batch_that_fails_in_part_is_207_with_each_reason(client: httpx2.AsyncClient):
    created = await create(client, email="jane@example.com")
    inputs = [
        {"properties": {"email": "jane@example.com"}, "objectWriteTraceId": "t"},
        {"properties": {"email": "nobody"}},
        {"properties": {"email": "john@example.com"}},
    ]
    answer = await client.post(f"{CONTACTS}/batch/create", json={"inputs": inputs})
    body = answer.json()
    assert (answer.status_code, body["numErrors"], len(body["results"])) == (207, 2, 1)
    assert body["errors"][0] == {
        "status": "error",
        "category": "CONFLICT",
        "message": f"Contact already exists. Existing ID: {created['id']}",
        "context": {"index": ["0"], "objectWriteTraceId": ["t"]},
        "links": {},
        "errors": [],
    }
    assert (body["errors"][1]["category"], body["errors"][1]["errors"][0]["code"]) == (
        "VALIDATION_ERROR",
        "INVALID_EMAIL",
    )


async def test_a_batch_update_tells_who_is_missing(client: httpx2.AsyncClient):
    created = await create(client, email="jane@example.com")
    inputs = [
        {"id": int(created["id"]), "properties": {"city": "Oslo"}},
        {"id": "nobody", "properties": {}},
        {"id": "jane@example.com", "idProperty": "email", "properties": {"country": "Norway"}},
    ]
    answer = await client.post(f"{CONTACTS}/batch/update", json={"inputs": inputs})
    body = answer.json()
    assert answer.status_code == 207
    assert [one["id"] for one in body["results"]] == [created["id"]] * 2
    assert [(e["category"], e["context"]["ids"]) for e in body["errors"]] == [("OBJECT_NOT_FOUND", ["nobody"])]


async def test_an_upsert_says_who_is_new(client: httpx2.AsyncClient):
    await create(client, email="jane@example.com")
    inputs = [
        {"id": address, "idProperty": "email", "properties": {"city": "Oslo"}}
        for address in ("jane@example.com", "john@example.com")
    ]
    answer = await client.post(f"{CONTACTS}/batch/upsert", json={"inputs": inputs})
    assert answer.status_code == 200
    assert [one["new"] for one in answer.json()["results"]] == [False, True]


async def test_a_batch_read_names_those_that_are_missing_once(client: httpx2.AsyncClient):
    created = await create(client, email="jane@example.com", city="Oslo")
    wanted = {
        "inputs": [{"id": "jane@example.com"}, {"id": "x"}, {"id": "x"}],
        "idProperty": "email",
        "properties": ["city"],
    }
    answer = await client.post(f"{CONTACTS}/batch/read", json=wanted)
    body = answer.json()
    assert (answer.status_code, body["results"][0]["properties"]["city"]) == (207, "Oslo")
    assert (body["numErrors"], body["errors"][0]["context"]) == (1, {"ids": ["x"]})
    whole = await client.post(f"{CONTACTS}/batch/read", json={"inputs": [{"id": created["id"]}]})
    assert whole.status_code == 200


async def test_a_batch_is_archived(client: httpx2.AsyncClient):
    created = await create(client, email="jane@example.com")
    answer = await client.post(f"{CONTACTS}/batch/archive", json={"inputs": [{"id": created["id"]}, {"id": "x"}]})
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.get(CONTACTS)).json() == {"results": []}


async def test_a_batch_of_more_than_a_hundred_is_refused(client: httpx2.AsyncClient):
    answer = await client.post(f"{CONTACTS}/batch/create", json={"inputs": [{"properties": {}}] * 101})
    assert (answer.status_code, answer.json()["errors"][0]["in"]) == (400, "inputs")


async def test_a_search_is_answered_with_its_total_and_the_next_place(client: httpx2.AsyncClient):
    for n in range(3):
        await create(client, email=f"p{n}@example.com", city="Oslo" if n else "Rome")
    filters = [{"propertyName": "city", "operator": "EQ", "value": "oslo"}]
    answer = await search(client, filterGroups=[{"filters": filters}], limit=1, after="0", sorts=["-createdate"])
    body = answer.json()
    assert (answer.status_code, body["total"], body["paging"]) == (200, 2, {"next": {"after": "1"}})
    last = (await search(client, filterGroups=[{"filters": filters}], limit=1, after=1, properties=["city"])).json()
    assert (last["results"][0]["properties"]["city"], "paging" in last) == ("Oslo", False)


async def test_every_form_of_a_search_is_understood(client: httpx2.AsyncClient, clock: MovableClock):
    for n in range(3):
        await create(client, email=f"p{n}@example.com", age=str(9 + n))
    bodies: list[dict[str, Any]] = [
        {"filters": [{"propertyName": "age", "operator": "BETWEEN", "value": 9, "highValue": 10}]},
        {
            "filterGroups": [
                {"filters": [{"propertyName": "age", "operator": "IN", "values": ["9", 10]}]},
                {"filters": []},
            ]
        },
        {"filters": [{"propertyName": "AGE", "operator": "IN", "value": "9"}], "sorts": []},
        {"filters": [{"propertyName": "age", "operator": "HAS_PROPERTY", "value": "ignored"}], "query": "p1"},
        {"sorts": [{"propertyName": "age", "direction": "DESCENDING"}], "limit": 1},
        {"sorts": ["age"], "limit": 1, "filterGroups": []},
        {},
    ]
    found = []
    for body in bodies:
        clock.advance(timedelta(seconds=1))
        found.append([one["id"] for one in (await search(client, **body)).json()["results"]])
    assert found == [["101", "102"], ["101", "102"], ["101"], ["102"], ["103"], ["101"], ["101", "102", "103"]]


EQ = {"propertyName": "x", "operator": "EQ", "value": "1"}


@pytest.mark.parametrize(
    "body",
    [
        {"filterGroups": [{"filters": [EQ]}] * 7},
        {"filterGroups": [{"filters": [EQ] * 13}] * 2},
        {"filters": [{**EQ, "operator": "LIKE"}]},
        {"filters": [{"propertyName": "x", "operator": "EQ"}]},
        {"filters": [{"propertyName": "x", "operator": "IN", "values": []}]},
        {"filters": [{"propertyName": "x", "operator": "BETWEEN", "value": "1"}]},
        {"filters": [{**EQ, "propertyName": "x'--"}]},
        {"filters": [{**EQ, "value": "x" * 3_001}]},
        {"query": "x" * 3_001},
        {"limit": 201},
        {"after": "x"},
        {"after": "10000"},
        {"sorts": ["x"] * 4},
        {"sorts": [{"propertyName": "x", "direction": "UP"}]},
        {"sorts": [1]},
    ],
)
async def test_a_search_refuses_what_it_cannot_do(client: httpx2.AsyncClient, body: dict[str, Any]):
    answer = await search(client, **body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


async def test_the_ten_thousandth_result_is_the_last(client: httpx2.AsyncClient):
    assert (await search(client, after="9999", limit=200)).json() == {"total": 0, "results": []}


async def test_searches_have_a_limit_of_their_own(
    client: httpx2.AsyncClient, services: Any, acme: Tenant, with_settings: Any
):
    async with client_of(with_settings(HttpSettings(searches_per_second=1)), acme.headers) as limited:
        answers = [await search(limited) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]


async def test_a_timeline_is_shown_newest_first_in_pages(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, clock: MovableClock
):
    created = await create(client, email="jane@example.com")
    activities = [
        crm.Activity(
            account_id=acme.account.id,
            id=database.uuid7(clock.now()),
            kind=crm.ActivityKind.EMAIL,
            contact_ids=(crm.ContactId(int(created["id"])),),
            at=clock.now(),
            direction=crm.Direction.OUTGOING,
            subject="Your receipt",
            sender="shop@example.com",
            people=("jane@example.com",),
            status=crm.ActivityStatus.SENT,
            send_id=f"s{n}",
            opens=n,
        )
        for n in range(3)
    ]
    await db.write(crm.note_activities, activities)
    path = f"/api/v1/contacts/{created['id']}/timeline"
    first = (await client.get(path, params={"limit": "2"})).json()
    second = (await client.get(path, params={"limit": "2", "after": first["paging"]["next"]["after"]})).json()
    shown = [*first["results"], *second["results"]]
    assert sorted(entry["sendId"] for entry in shown) == ["s0", "s1", "s2"]
    assert [entry["id"] for entry in shown] == sorted((entry["id"] for entry in shown), reverse=True)
    assert (shown[0]["at"], shown[0]["status"], "paging" in second) == ("2026-03-02T14:02:07.000Z", "sent", False)
