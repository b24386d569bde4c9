"""Questions that span rooms: a send's page, and a mail as a web page."""

from __future__ import annotations

import json

import pytest

from sendwright import attempt, send_documents, smtp, views
from sendwright.emails import authoring
from sendwright.outbound.model import Answered

from .shop import FakePost, Shop, desk

pytestmark = pytest.mark.anyio
TAKEN = Answered(stage=smtp.Stage.FINAL, reply=smtp.Reply(code=250, enhanced="2.0.0", lines=("2.0.0 kept",)))


async def web_version(shop: Shop, send_id: str, account_id: int | None = None) -> str | None:
    account = account_id or shop.account_id
    return await shop.db.read(views.web_version, account, send_id, shop.clock.now())


async def test_a_page_holds_deliveries_attempts_and_events_in_order(shop: Shop):
    held, parcel = await shop.send(cc=("bob@example.org",))
    await attempt.attempt(desk(shop, FakePost(TAKEN, shop.clock)), held, parcel)
    page = await shop.page(held.send_id)
    assert [delivery.recipient for delivery in page.deliveries] == ["ann@example.org", "bob@example.org"]
    assert len(page.attempts) == 1
    assert [event.type for event in page.events] == ["PROCESSED", "SENT", "DELIVERED"]


async def test_a_page_is_none_of_another_accounts(shop: Shop):
    held, _ = await shop.send()
    assert await shop.db.read(views.send_page, shop.account_id + 1, held.send_id) is None


async def test_a_page_that_is_not_there_is_none(shop: Shop):
    assert await shop.db.read(views.send_page, shop.account_id, "never") is None


async def test_a_page_can_be_written_as_json_with_every_field(shop: Shop):
    held, parcel = await shop.send()
    await attempt.attempt(desk(shop, FakePost(TAKEN, shop.clock)), held, parcel)
    document = json.loads(json.dumps(send_documents.page_document(await shop.page(held.send_id))))
    assert (document["id"], document["status"], document["sendResult"]) == (held.send_id, "COMPLETE", "SENT")
    assert document["completedAt"] == "2026-03-02T14:02:07.000Z"
    assert document["attempts"][0]["enhancedCode"] == "2.0.0"


async def test_a_send_that_waits_has_the_same_fields_as_one_that_is_done(shop: Shop):
    await shop.ask()
    held, parcel = await shop.send()
    await attempt.attempt(desk(shop, FakePost(TAKEN, shop.clock)), held, parcel)
    view = await shop.ask()
    waiting = send_documents.page_document(await shop.page(view.status_id))
    done = send_documents.page_document(await shop.page(held.send_id))
    assert waiting.keys() == done.keys()
    assert (waiting["message"], waiting["completedAt"]) == ("Accepted; it waits to be composed", None)


# --- the mail in a browser


async def test_the_web_version_shows_the_contact_and_no_custom_property(shop: Shop):
    held, _ = await shop.send(contact_properties={"firstname": "Ann"})
    page = await web_version(shop, held.send_id)
    assert page is not None
    assert "Order  for Ann" in page
    assert "4711" not in page


async def test_the_web_version_has_no_tracking(shop: Shop):
    held, _ = await shop.send()
    page = await web_version(shop, held.send_id)
    assert page is not None
    assert "/t/o/" not in page
    assert "https://shop.example.com/o" in page


async def test_a_contacts_property_is_escaped_in_the_web_version(shop: Shop):
    held, _ = await shop.send(contact_properties={"firstname": "<script>alert(1)</script>"})
    assert "<script>" not in (await web_version(shop, held.send_id) or "")


async def test_the_web_version_shows_the_contact_as_it_is_now(shop: Shop):
    held, _ = await shop.send(contact_properties={"firstname": "Ann"})
    await shop.send(contact_properties={"firstname": "Anna"})
    assert "for Anna" in (await web_version(shop, held.send_id) or "")


async def test_another_account_has_no_web_version(shop: Shop):
    held, _ = await shop.send()
    assert await web_version(shop, held.send_id, shop.account_id + 1) is None


async def test_a_send_that_was_not_composed_has_no_web_version(shop: Shop):
    view = await shop.ask()
    assert await web_version(shop, view.status_id) is None


async def test_an_unpublished_email_has_no_web_version(shop: Shop):
    held, _ = await shop.send()
    await authoring.unpublish(shop.db, shop.account_id, shop.email_id, shop.pen)
    assert await web_version(shop, held.send_id) is None


async def test_a_template_that_cannot_be_rendered_without_custom_properties_has_no_web_version(shop: Shop):
    held, _ = await shop.send()
    loops = "{% for i in range(1000) %}{% for j in range(1000) %}x{% endfor %}{% endfor %}"
    await shop.edit_email(content={"html": loops})
    assert await web_version(shop, held.send_id) is None
