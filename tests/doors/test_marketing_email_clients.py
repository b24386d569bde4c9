"""Marketing e-mails as HubSpot's own Python clients call and read them, over a real socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import anyio
import hubspot
import hubspot_sdk
import pytest
import uvicorn
from hubspot.marketing import emails as classic

from sendwright.doors import http

pytestmark = pytest.mark.anyio

HTML = "<p>Hello {{ contact.firstname }}, order {{ custom.number }}</p>"


@pytest.fixture
async def host(services: http.Services) -> AsyncIterator[str]:
    """Where the door is served, on a free port."""
    config = uvicorn.Config(http.build_app(services), log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:  # it listens before the server runs: nobody need wait
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listener])
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            server.should_exit = True


async def test_the_classic_client_writes_publishes_and_reads_emails(host, acme):
    await asyncio.to_thread(_classic_script, hubspot.HubSpot(access_token=acme.secret, host=host))


def _classic_script(client: hubspot.HubSpot) -> None:
    api = client.marketing.emails.marketing_emails_api
    created = api.create(
        email_create_request=classic.EmailCreateRequest(
            name="Receipt",
            subject="Order {{ custom.number }}",
            _from=classic.PublicEmailFromDetails(from_name="Example Shop", reply_to="shop@example.com"),
            content=classic.PublicEmailContent(widgets={"hs_email_body": {"body": {"html": HTML}}}),
            subcategory="single_send_api",
            publish_date=datetime(2026, 5, 1, tzinfo=UTC),
        )
    )
    assert (created._from.reply_to, created.state, created.created_at.tzinfo is not None) == (
        "shop@example.com",
        "DRAFT",
        True,
    )
    changed = api.update(created.id, classic.EmailUpdateRequest(subject="Your order"))
    assert (changed.subject, changed.content.widgets["hs_email_body"]["body"]["html"]) == ("Your order", HTML)
    drafted = api.upsert_draft(created.id, classic.EmailUpdateRequest(subject="Draft"))
    assert drafted.subject == api.get_draft(created.id).subject == "Draft"
    api.reset_draft(created.id)
    api.publish_or_send(created.id)
    found = api.get_by_id(created.id, include_stats=True, included_properties=["stats", "isPublished"])
    assert (found.is_published, found.stats.counters["sent"]) == (True, 0)
    cloned = api.clone(classic.ContentCloneRequestVNext(id=created.id, clone_name="Copy"))
    assert cloned.name == "Copy"
    page = api.get_page(limit=1, sort=["name"], is_published=False)
    assert (page.total, page.results[0].id, page.paging) == (1, cloned.id, None)
    revisions = api.get_revisions(created.id, limit=1)
    assert (revisions.total, revisions.results[0].object.subject, bool(revisions.paging.next.after)) == (
        3,
        "Draft",
        True,
    )
    assert api.get_revision_by_id(created.id, "1").object.subject == "Order {{ custom.number }}"
    assert api.restore_draft_revision(created.id, 1).subject == "Order {{ custom.number }}"
    api.restore_revision(created.id, "1")
    api.unpublish_or_cancel(created.id)
    api.archive(cloned.id)
    with pytest.raises(classic.exceptions.NotFoundException):
        api.get_by_id(cloned.id)
    with pytest.raises(classic.ApiException) as refused:
        api.publish_or_send(api.create(email_create_request=classic.EmailCreateRequest(name="Empty")).id)
    assert refused.value.status == 400


async def test_the_new_sdk_reads_what_it_writes_in_strict_mode(host, acme):
    def script() -> None:
        with hubspot_sdk.HubSpot(
            access_token=acme.secret, base_url=host, _strict_response_validation=True, max_retries=0
        ) as client:
            _new_script(client)

    await asyncio.to_thread(script)


def _new_script(client: hubspot_sdk.HubSpot) -> None:
    api = client.marketing.emails
    created = api.create(
        name="Receipt",
        subject="Order",
        from_={"from_name": "Example Shop", "reply_to": "shop@example.com"},
        content={"widgets": {"hs_email_body": {"body": {"html": HTML}}}},
        webversion={"slug": "receipt"},
    )
    assert (created.from_.reply_to, created.is_ab, created.type) == ("shop@example.com", False, "SINGLE_SEND_API")
    email_id = int(created.id)
    api.publish(email_id)
    assert api.get_draft(email_id).is_published is True
    assert [each.id for each in api.list(limit=10, sort=["-createdAt", "name"], is_published=True)] == [created.id]
    assert [each.id for each in api.list_revisions(email_id)] == ["1"]
    assert api.clone(id=created.id, clone_name="Copy").name == "Copy"
    assert api.update(email_id, subject="New").subject == "New"
    api.unpublish(email_id)
    api.delete(email_id)
