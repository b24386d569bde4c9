"""E-mail events over HTTP, in the dialect of v1."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from sendwright import database, ledger
from tests.doors.conftest import Tenant, client_of

pytestmark = pytest.mark.anyio

EVENTS = "/email/public/v1/events"
SENT_AT = 1772460127000  # the fixed time of the tests


def event(
    tenant: Tenant, at: datetime, type_: ledger.EventType = ledger.EventType.DELIVERED, **more: Any
) -> ledger.NewEvent:
    facts = {
        "account_id": tenant.account.id,
        "id": database.uuid7(at),
        "type": type_,
        "created": at,
        "send_id": ledger.SendId("s1"),
        "recipient": "jane@example.com",
        "campaign_id": 7,
        "app_id": 3,
        **more,
    }
    return ledger.NewEvent(**facts)


async def types(client: httpx2.AsyncClient, **query: str | int) -> list[str]:
    answer = await client.get(EVENTS, params=query)
    assert answer.status_code == 200, answer.text
    return [each["type"] for each in answer.json()["events"]]


@pytest.fixture
async def story(db: database.Database, acme: Tenant, now: datetime) -> list[ledger.NewEvent]:
    """A mail that was sent, bounced, and another that was clicked on."""
    sent = event(acme, now, ledger.EventType.SENT, facts={"subject": "Hello", "secret": "x"})
    bounced = event(
        acme,
        now + timedelta(seconds=1),
        ledger.EventType.BOUNCE,
        facts={"category": "UNKNOWN_USER", "response": "550 5.1.1 no such user", "status": "5.1.1", "url": "hidden"},
        sent_id=sent.id,
        sent_at=sent.created,
    )
    clicked = event(
        acme,
        now + timedelta(seconds=2),
        ledger.EventType.CLICK,
        recipient="john@example.com",
        campaign_id=None,
        app_id=4,
        facts={"url": "https://example.com/", "filteredEvent": True, "userAgent": None},
    )
    events = [sent, bounced, clicked]
    await db.write(ledger.record, events)
    return events


async def test_events_are_listed_newest_first(client: httpx2.AsyncClient, story: list[ledger.NewEvent]):
    assert await types(client) == ["CLICK", "BOUNCE", "SENT"]


async def test_an_event_has_the_fields_of_its_type(
    client: httpx2.AsyncClient, story: list[ledger.NewEvent], acme: Tenant
):
    sent, bounced, _ = story
    answer = await client.get(EVENTS, params={"eventType": "BOUNCE"})
    assert answer.json()["events"] == [
        {
            "id": bounced.id,
            "created": SENT_AT + 1000,
            "type": "BOUNCE",
            "recipient": "jane@example.com",
            "portalId": acme.account.id,
            "appId": 3,
            "sendId": "s1",
            "filteredEvent": False,
            "emailCampaignId": 7,
            "sentBy": {"id": sent.id, "created": SENT_AT},
            "category": "UNKNOWN_USER",
            "response": "550 5.1.1 no such user",
            "status": "5.1.1",
        }
    ]


async def test_what_is_not_known_is_left_out(client: httpx2.AsyncClient, story: list[ledger.NewEvent]):
    (click,) = (await client.get(EVENTS, params={"eventType": "click"})).json()["events"]
    assert (click["url"], click["filteredEvent"]) == ("https://example.com/", True)
    assert not click.keys() & {"emailCampaignId", "sentBy", "userAgent"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"recipient": "john@example.com"}, ["CLICK"]),
        ({"recipient": "nobody"}, []),
        ({"campaignId": 7}, ["BOUNCE", "SENT"]),
        ({"appId": 4}, ["CLICK"]),
        ({"startTimestamp": SENT_AT + 1000}, ["CLICK", "BOUNCE"]),
        ({"startTimestamp": SENT_AT, "endTimestamp": SENT_AT + 1000}, ["BOUNCE", "SENT"]),
        ({"eventType": "PRINT"}, []),
        ({"excludeFilteredEvents": "true", "eventType": "SENT"}, ["SENT"]),
    ],
)
async def test_events_are_filtered(
    client: httpx2.AsyncClient, story: list[ledger.NewEvent], query: dict[str, str | int], found: list[str]
):
    assert await types(client, **query) == found


async def test_pages_follow_each_other_by_their_offset(client: httpx2.AsyncClient, story: list[ledger.NewEvent]):
    first = (await client.get(EVENTS, params={"limit": 2})).json()
    second = (await client.get(EVENTS, params={"limit": 2, "offset": first["offset"]})).json()
    third = (await client.get(EVENTS, params={"limit": 2, "offset": second["offset"]})).json()
    assert [len(page["events"]) for page in (first, second, third)] == [2, 1, 0]
    assert [page["hasMore"] for page in (first, second, third)] == [True, False, False]
    assert third["offset"] == second["offset"]


async def test_no_events_are_an_empty_page(client: httpx2.AsyncClient):
    assert (await client.get(EVENTS)).json() == {"hasMore": False, "offset": "", "events": []}


@pytest.mark.parametrize(
    "query",
    ["limit=1001", "limit=0", "eventType=NOTHING", "offset=x", "startTimestamp=soon", "appId=x", "campaignId=-1"],
)
async def test_a_list_refuses_what_it_cannot_do(client: httpx2.AsyncClient, query: str):
    answer = await client.get(f"{EVENTS}?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["in"]) == (400, query.partition("=")[0])


async def test_one_event_is_read_by_its_time_and_id(client: httpx2.AsyncClient, story: list[ledger.NewEvent]):
    answer = await client.get(f"{EVENTS}/{SENT_AT}/{story[0].id}")
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["type"], shown["subject"], "secret" in shown) == ("SENT", "Hello", False)


async def test_an_event_is_not_found_by_half_of_its_name(client: httpx2.AsyncClient, story: list[ledger.NewEvent]):
    paths = [f"{SENT_AT + 1}/{story[0].id}", f"{SENT_AT}/{story[1].id}", f"{SENT_AT}/nonsense", f"now/{story[0].id}"]
    assert [(await client.get(f"{EVENTS}/{path}")).status_code for path in paths] == [404] * 4


async def test_another_account_sees_no_event(services: Any, rival: Tenant, story: list[ledger.NewEvent]):
    async with client_of(services, rival.headers) as other:
        listed, one = await other.get(EVENTS), await other.get(f"{EVENTS}/{SENT_AT}/{story[0].id}")
    assert (listed.json()["events"], one.status_code) == ([], 404)
