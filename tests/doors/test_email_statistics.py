"""The statistics that an e-mail shows: counters of its campaign, and ratios in percent."""

from __future__ import annotations

from datetime import datetime

import httpx2
import pytest

from sendwright import database, ledger
from sendwright.doors.http.email_statistics import statistics
from sendwright.ledger import EventType, Tally

from .conftest import Tenant

pytestmark = pytest.mark.anyio
DATABASES = ("sqlite",)

EMAILS = "/marketing/v3/emails"
COUNTERS = (
    "sent open delivered bounce unsubscribed click reply dropped selected spamreport suppressed hardbounced "
    "softbounced pending contactslost notsent"
)
RATIOS = (
    "clickratio clickthroughratio deliveredratio openratio replyratio unsubscribedratio spamreportratio bounceratio "
    "hardbounceratio softbounceratio contactslostratio pendingratio notsentratio"
)
BUSY = Tally(
    processed=12, sent=10, delivered=6, dropped=3, hard_bounced=1, soft_bounced=1, opened=4, clicked=1, complained=1,
    unsubscribed=2, opened_on={"COMPUTER": 3, "MOBILE": 2, "UNKNOWN": 1, "": 1}, clicked_on={"MOBILE": 1},
)  # fmt: skip


def test_every_key_that_clients_require_is_there():
    found = statistics(Tally())
    assert found.keys() == {"counters", "ratios", "deviceBreakdown", "qualifierStats"}
    assert found["counters"] == dict.fromkeys(COUNTERS.split(), 0)
    assert found["ratios"] == dict.fromkeys(RATIOS.split(), 0.0)


def test_counters_follow_from_the_tally():
    assert statistics(BUSY)["counters"] == {
        "sent": 10, "open": 4, "delivered": 6, "bounce": 2, "unsubscribed": 2, "click": 1, "reply": 0, "dropped": 3,
        "selected": 15, "spamreport": 1, "suppressed": 0, "hardbounced": 1, "softbounced": 1, "pending": 2,
        "contactslost": 3, "notsent": 3,
    }  # fmt: skip


def test_ratios_are_percent_with_three_decimals():
    assert statistics(BUSY)["ratios"] == {
        "clickratio": 16.667, "clickthroughratio": 25.0, "deliveredratio": 60.0, "openratio": 66.667,
        "replyratio": 0.0, "unsubscribedratio": 33.333, "spamreportratio": 16.667, "bounceratio": 20.0,
        "hardbounceratio": 10.0, "softbounceratio": 10.0, "contactslostratio": 50.0, "pendingratio": 20.0,
        "notsentratio": 20.0,
    }  # fmt: skip


def test_what_is_neither_computer_nor_mobile_is_unknown():
    assert statistics(BUSY)["deviceBreakdown"] == {
        "open_device_type": {"computer": 3, "mobile": 2, "unknown": 2},
        "click_device_type": {"computer": 0, "mobile": 1, "unknown": 0},
    }


def test_more_fates_than_sends_leave_nothing_pending():
    counters = statistics(Tally(sent=1, delivered=1, hard_bounced=1))["counters"]
    assert isinstance(counters, dict)
    assert counters["pending"] == 0


@pytest.fixture
async def counted(client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime) -> str:
    """The id of an e-mail that was sent and delivered once; another one was not."""
    made = [(await client.post(EMAILS, json={"name": name})).json() for name in ("Busy", "Idle")]
    events = [
        ledger.NewEvent(
            account_id=acme.account.id, id=database.uuid7(now), type=type_, created=now,
            send_id=ledger.SendId(database.uuid7(now)), recipient="ann@example.org",
            campaign_id=int(made[0]["primaryEmailCampaignId"]), app_id=22700,
        )
        for type_ in (EventType.SENT, EventType.DELIVERED)
    ]  # fmt: skip
    await db.write(ledger.record, events)
    return str(made[0]["id"])


async def test_an_email_shows_what_was_counted(client: httpx2.AsyncClient, counted: str):
    found = (await client.get(f"{EMAILS}/{counted}", params={"includeStats": "True"})).json()["stats"]["counters"]
    assert (found["sent"], found["delivered"], found["open"]) == (1, 1, 0)


async def test_a_list_shows_the_numbers_of_each(client: httpx2.AsyncClient, counted: str):
    found = (await client.get(EMAILS, params={"includeStats": "true"})).json()["results"]
    assert {each["name"]: each["stats"]["counters"]["sent"] for each in found} == {"Busy": 1, "Idle": 0}


async def test_nothing_is_counted_unless_it_is_asked_for(client: httpx2.AsyncClient, counted: str):
    assert "stats" not in (await client.get(f"{EMAILS}/{counted}")).json()
