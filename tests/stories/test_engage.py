"""What readers do: opens, clicks and complaints on their send, its timeline, its suppressions."""

from __future__ import annotations

from typing import Any

import pytest

from sendwright import attempt, crm, engage, feedback, ledger, single_send, smtp
from sendwright.engage import Visit
from sendwright.outbound.model import Answered

from .shop import FakePost, Shop, desk, event_types

pytestmark = pytest.mark.anyio

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
TAKEN = Answered(stage=smtp.Stage.FINAL, reply=smtp.Reply(code=250, enhanced="2.0.0", lines=("2.0.0 kept",)))


async def delivered(shop: Shop) -> ledger.Delivery:
    """A mail that is there, an hour ago."""
    held, parcel = await shop.send()
    await attempt.attempt(desk(shop, FakePost(TAKEN, shop.clock)), held, parcel)
    shop.clock.advance(hours=1)
    return held


def opening(shop: Shop, send_id: str, **changes: Any) -> Visit:
    facts: dict[str, Any] = {
        "account_id": shop.account_id, "send_id": ledger.SendId(send_id), "at": shop.clock.now(),
        "user_agent": FIREFOX, "ip": "198.51.100.7", "method": "GET", **changes,
    }  # fmt: skip
    return Visit(**facts)


def clicking(shop: Shop, send_id: str, **changes: Any) -> Visit:
    return opening(shop, send_id, **{"url": "https://shop.example.com/o", "link": 0, **changes})


async def counts(shop: Shop, send_id: str) -> tuple[int, int]:
    """Opens and clicks, as the timeline shows them."""
    (activity,) = await shop.timeline((await shop.page(send_id)).send.contact_id or 0)
    return activity.opens, activity.clicks


async def test_an_open_is_an_event_and_counts(shop: Shop):
    held = await delivered(shop)
    await shop.db.write(engage.note_visits, [opening(shop, held.send_id)])
    page = await shop.page(held.send_id)
    assert event_types(page)[-1] == "OPEN"
    assert await counts(shop, held.send_id) == (1, 0)


async def test_an_open_tells_of_its_reader(shop: Shop):
    held = await delivered(shop)
    await shop.db.write(engage.note_visits, [opening(shop, held.send_id)])
    facts = (await shop.page(held.send_id)).events[-1].facts
    assert (facts["filteredEvent"], facts["hitKind"], facts["deviceType"]) == (False, "person", "COMPUTER")
    assert (facts["browser"]["name"], facts["ipAddress"], facts["userAgent"]) == ("Firefox", "198.51.100.7", FIREFOX)


async def test_an_open_has_no_address(shop: Shop):
    held = await delivered(shop)
    await shop.db.write(engage.note_visits, [opening(shop, held.send_id)])
    assert not {"url", "linkId", "referer"} & set((await shop.page(held.send_id)).events[-1].facts)


async def test_a_click_says_which_link(shop: Shop):
    held = await delivered(shop)
    await shop.db.write(engage.note_visits, [clicking(shop, held.send_id, link=3, referer="https://mail.example.net/")])
    event = (await shop.page(held.send_id)).events[-1]
    assert (event.type, event.facts["url"], event.facts["linkId"], event.facts["referer"]) == (
        ledger.EventType.CLICK, "https://shop.example.com/o", 3, "https://mail.example.net/"
    )  # fmt: skip
    assert await counts(shop, held.send_id) == (0, 1)


async def test_an_event_names_the_send_it_belongs_to(shop: Shop):
    held = await delivered(shop)
    await shop.db.write(engage.note_visits, [opening(shop, held.send_id)])
    page = await shop.page(held.send_id)
    assert (page.events[-1].sent_id, page.events[-1].recipient) == (page.send.sent_event_id, "ann@example.org")
    assert page.events[-1].campaign_id == page.send.campaign_id


@pytest.mark.parametrize(
    ("changes", "kind", "reason"),
    [
        ({"method": "HEAD"}, "scanner", "not-a-get"),
        ({"user_agent": ""}, "scanner", "no-user-agent"),
        ({"user_agent": GMAIL}, "proxy", "google-image-proxy"),
        ({"user_agent": "Mozilla/5.0"}, "proxy", "apple-mail-privacy"),
        ({"user_agent": "curl/8.0"}, "scanner", "http-library"),
    ],
)
async def test_a_machine_is_recorded_with_its_reason_and_not_counted(
    shop: Shop, changes: dict[str, Any], kind: str, reason: str
):
    held = await delivered(shop)
    await shop.db.write(engage.note_visits, [opening(shop, held.send_id, **changes)])
    facts = (await shop.page(held.send_id)).events[-1].facts
    assert (facts["filteredEvent"], facts["hitKind"], facts["hitReason"]) == (True, kind, reason)
    assert await counts(shop, held.send_id) == (0, 0)


async def test_who_comes_before_the_mail_is_a_machine(shop: Shop):
    held, _ = await shop.send()
    await shop.db.write(engage.note_visits, [opening(shop, held.send_id)])
    assert (await shop.page(held.send_id)).events[-1].facts["hitReason"] == "too-soon"


async def test_several_visits_in_one_batch_all_count(shop: Shop):
    held = await delivered(shop)
    visits = [opening(shop, held.send_id), clicking(shop, held.send_id), opening(shop, held.send_id)]
    assert list(await shop.db.write(engage.note_visits, visits)) == [None, None, None]
    assert await counts(shop, held.send_id) == (2, 1)


async def test_a_visit_to_a_send_that_is_not_there_is_passed_over(shop: Shop):
    held = await delivered(shop)
    visits = [opening(shop, "never"), opening(shop, held.send_id)]
    assert list(await shop.db.write(engage.note_visits, visits)) == [None, None]
    assert await counts(shop, held.send_id) == (1, 0)


async def test_a_visit_with_the_wrong_account_is_passed_over(shop: Shop):
    held = await delivered(shop)
    await shop.db.write(engage.note_visits, [opening(shop, held.send_id, account_id=shop.account_id + 1)])
    assert event_types(await shop.page(held.send_id))[-1] == "DELIVERED"


async def test_a_visit_with_the_wrong_account_is_passed_over_beside_a_right_one(shop: Shop):
    held = await delivered(shop)
    visits = [opening(shop, held.send_id), opening(shop, held.send_id, account_id=shop.account_id + 1)]
    await shop.db.write(engage.note_visits, visits)
    assert event_types(await shop.page(held.send_id)).count("OPEN") == 1


async def test_no_visits_write_nothing(shop: Shop):
    assert list(await shop.db.write(engage.note_visits, [])) == []


# --- complaints


async def test_a_complaint_is_told_as_two_events(shop: Shop):
    held = await delivered(shop)
    await complain(shop, held.send_id, "ann@example.org")
    report, change = (await shop.page(held.send_id)).events[-2:]
    assert (report.type, change.type) == (ledger.EventType.SPAMREPORT, ledger.EventType.STATUSCHANGE)
    assert change.facts == {
        "source": "SOURCE_SPAM_REPORT", "portalSubscriptionStatus": "UNSUBSCRIBED", "requestedBy": "ann@example.org",
    }  # fmt: skip


async def test_a_complaint_is_on_the_timeline(shop: Shop):
    held = await delivered(shop)
    await complain(shop, held.send_id, "ann@example.org")
    (activity,) = await shop.timeline((await shop.page(held.send_id)).send.contact_id or 0)
    assert activity.status is crm.ActivityStatus.COMPLAINED


async def test_who_complained_is_not_mailed_again(shop: Shop):
    held = await delivered(shop)
    await complain(shop, held.send_id, "Ann@Example.org")
    view = await shop.ask()
    await shop.compose()
    found = await single_send.find_status(shop.db, shop.account_id, view.status_id)
    assert found is not None
    assert found.send_result == "PREVIOUS_SPAM"


async def test_a_complaint_keeps_its_evidence(shop: Shop):
    held = await delivered(shop)
    await complain(shop, held.send_id, "ann@example.org")
    (kept,) = await shop.db.read(
        lambda conn: feedback.list_suppressions(conn, shop.account_id, after=None, limit=10)
    )  # fmt: skip
    assert (kept.key, kept.cause, kept.evidence) == (
        "ann@example.org", feedback.Cause.COMPLAINED, {"sendId": held.send_id}
    )  # fmt: skip


@pytest.mark.parametrize("recipient", ["nobody", ""])
async def test_a_complaint_of_nobody_changes_nothing(shop: Shop, recipient: str):
    held = await delivered(shop)
    await complain(shop, held.send_id, recipient)
    assert event_types(await shop.page(held.send_id))[-1] == "DELIVERED"


async def test_a_complaint_about_a_send_that_is_not_there_changes_nothing(shop: Shop):
    await complain(shop, "never", "ann@example.org")
    await shop.ask()
    assert len(await shop.compose()) == 1


async def complain(shop: Shop, send_id: str, recipient: str) -> None:
    await shop.db.write(engage.complained, shop.account_id, ledger.SendId(send_id), recipient, shop.clock.now())
