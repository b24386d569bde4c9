"""``/api/v1/sends`` and ``/api/v1/sandbox``: what was asked for, what became of it, what the sandbox got."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import httpx2
import pytest

from sendwright import database, ledger, send_documents, submission, views
from sendwright.doors import http
from sendwright.doors.http import own_sends
from tests.doors import sent
from tests.doors.conftest import Tenant, client_of
from tests.doors.sent import LETTER

pytestmark = pytest.mark.anyio

SENDS = "/api/v1/sends"
SANDBOX = "/api/v1/sandbox"
NOBODY = "01a20305-7d50-7218-b99a-803ff323caa5"


async def ids(client: httpx2.AsyncClient, **query: str | int) -> list[str]:
    answer = await client.get(SENDS, params=query)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["results"]]


async def test_sends_are_listed_newest_first(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    old = await db.write(sent.attempted, acme.account.id, now)
    new = await db.write(sent.accepted, acme.account.id, now + timedelta(seconds=1))
    assert await ids(client) == [new, old]


async def test_pages_of_sends_meet_without_gap_or_overlap(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    made = [await db.write(sent.accepted, acme.account.id, now + timedelta(seconds=n)) for n in range(5)]
    seen, after = list[str](), None
    while True:
        page = (await client.get(SENDS, params={"limit": 2, **({"after": after} if after else {})})).json()
        seen += [each["id"] for each in page["results"]]
        if "paging" not in page:
            break
        after = page["paging"]["next"]["after"]
    assert seen == made[::-1]


async def test_the_link_to_the_next_page_keeps_the_filters(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    for _ in range(2):
        await db.write(sent.accepted, acme.account.id, now)
    page = (await client.get(SENDS, params={"limit": 1, "to": "ann@example.org"})).json()
    link = page["paging"]["next"]["link"]
    assert link.startswith("https://send.example.com/api/v1/sends?limit=1&to=ann%40example.org&after=")


async def test_sends_are_found_by_recipient(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    await db.write(sent.accepted, acme.account.id, now)
    bob = await db.write(sent.accepted, acme.account.id, now, "bob@example.org")
    assert await ids(client, recipient="bob@example.org") == await ids(client, to="bob@example.org") == [bob]


async def test_sends_are_found_by_status(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    deferred = await db.write(sent.attempted, acme.account.id, now, [ledger.Outcome.DEFERRED])
    done = await db.write(sent.attempted, acme.account.id, now + timedelta(seconds=1))
    pending = await db.write(sent.accepted, acme.account.id, now + timedelta(seconds=2))
    assert await ids(client, status="pending") == [pending]
    assert await ids(client, status="COMPLETE") == [done, deferred]
    assert await ids(client, status="PROCESSING") == []


async def test_looking_for_a_rare_status_stops_and_goes_on_with_the_next_page(
    client: httpx2.AsyncClient,
    db: database.Database,
    acme: Tenant,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
):
    done = await db.write(sent.attempted, acme.account.id, now)
    for n in range(3):
        await db.write(sent.accepted, acme.account.id, now + timedelta(seconds=n + 1))
    monkeypatch.setattr(own_sends, "_ROWS_READ", 1)
    monkeypatch.setattr(own_sends, "_MOST_READS", 3)
    first = (await client.get(SENDS, params={"status": "COMPLETE"})).json()
    assert first["results"] == []
    assert await ids(client, status="COMPLETE", after=first["paging"]["next"]["after"]) == [done]


async def test_sends_are_found_by_tag(client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime):
    welcome = await db.write(sent.labelled, acme.account.id, now, ["welcome", "de"], {})
    await db.write(sent.labelled, acme.account.id, now, [], {"welcome": "no tag"})
    await db.write(sent.accepted, acme.account.id, now)
    assert await ids(client, tag="welcome") == await ids(client, tag="de", status="PENDING") == [welcome]
    assert await ids(client, tag="welcome", status="COMPLETE") == await ids(client, tag="WELCOME") == []


async def test_a_send_shows_its_labels_and_one_without_any_shows_none(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    await db.write(sent.labelled, acme.account.id, now, ["de"], {"order": "4711"})
    await db.write(sent.accepted, acme.account.id, now + timedelta(seconds=1))
    plain, labelled = (await client.get(SENDS)).json()["results"]
    assert (labelled["tags"], labelled["metadata"]) == (["de"], {"order": "4711"})
    assert (plain["tags"], plain["metadata"]) == ([], {})


async def test_sends_are_found_by_result(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    await db.write(sent.attempted, acme.account.id, now)
    lost = await db.write(sent.dropped, acme.account.id, now)
    assert await ids(client, result="missing_content") == [lost]


async def test_sends_are_found_by_time_and_email(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    made = [await db.write(sent.accepted, acme.account.id, now + timedelta(hours=n)) for n in range(3)]
    since, until = (now + timedelta(hours=1)).isoformat(), (now + timedelta(hours=2)).isoformat()
    assert await ids(client, since=since, until=until, emailId=7) == [made[1]]
    assert await ids(client, emailId=8) == []


@pytest.mark.parametrize("name", ["status", "result", "emailId", "since", "limit", "after"])
async def test_a_filter_that_does_not_fit_is_named(client: httpx2.AsyncClient, name: str):
    answer = await client.get(SENDS, params={name: "strange"})
    assert (answer.status_code, answer.json()["errors"][0]["in"]) == (400, name)


async def test_a_send_is_told_with_its_attempts_and_the_conversation(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    send_id = await db.write(sent.attempted, acme.account.id, now)
    found = (await client.get(f"{SENDS}/{send_id}")).json()
    assert (found["status"], found["sendResult"], found["message"]) == ("COMPLETE", "SENT", "It was delivered.")
    assert found["deliveries"][0]["state"] == "delivered"
    assert found["attempts"][0]["dialogue"] == [{"ms": 0, "direction": "S", "text": "220 hi"}]
    assert [event["type"] for event in found["events"]] == ["PROCESSED", "SENT"]


async def test_a_send_that_waits_says_so_in_words(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    send_id = await db.write(sent.accepted, acme.account.id, now)
    found = (await client.get(f"{SENDS}/{send_id}")).json()
    assert (found["message"], found["sendResult"]) == ("Accepted; it waits to be composed", None)


async def test_the_api_gives_the_same_document_as_the_command_line(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    send_id = await db.write(sent.attempted, acme.account.id, now)
    found = (await client.get(f"{SENDS}/{send_id}")).json()
    page = await db.read(views.send_page, acme.account.id, send_id)
    assert page is not None
    assert found == {**send_documents.page_document(page), "sandboxUrl": None}


async def test_a_document_has_just_the_fields_of_its_description(db: database.Database, acme: Tenant, now: datetime):
    send_id = await db.write(sent.attempted, acme.account.id, now)
    page = await db.read(views.send_page, acme.account.id, send_id)
    assert page is not None
    made = own_sends.SendDetails.model_validate({**send_documents.page_document(page), "sandboxUrl": None})
    assert set(made.model_dump(mode="json", by_alias=True)) <= {*send_documents.page_document(page), "sandboxUrl"}


async def test_a_send_that_went_to_the_sandbox_tells_its_page(
    services: http.Services, db: database.Database, acme: Tenant, now: datetime
):
    send_id = await db.write(sent.attempted, acme.account.id, now)
    with_pages = replace(services, sandbox_page=lambda account_id, send_id: f"https://x.test/{account_id}/{send_id}")
    async with client_of(with_pages, acme.headers) as client:
        found = (await client.get(f"{SENDS}/{send_id}")).json()
    assert found["sandboxUrl"] == f"https://x.test/{acme.account.id}/{send_id}"


async def test_another_accounts_send_is_not_there(
    services: http.Services, db: database.Database, acme: Tenant, rival: Tenant, now: datetime
):
    send_id = await db.write(sent.attempted, acme.account.id, now)
    async with client_of(services, rival.headers) as client:
        assert await ids(client) == []
        assert (await client.get(f"{SENDS}/{send_id}")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        f"{SENDS}/1",
        f"{SENDS}/{NOBODY}",
        f"{SENDS}/1/content",
        f"{SENDS}/{NOBODY}/content",
        f"{SANDBOX}/1",
        f"{SANDBOX}/{NOBODY}/raw",
    ],
)
async def test_what_is_no_id_names_nothing(client: httpx2.AsyncClient, path: str):
    assert (await client.get(path)).status_code == 404


async def test_received_mails_are_listed_newest_first(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    made = [await db.write(sent.received, acme.account.id, NOBODY, now + timedelta(seconds=n)) for n in range(3)]
    first = (await client.get(SANDBOX, params={"limit": 2})).json()
    rest = (await client.get(SANDBOX, params={"limit": 2, "after": first["paging"]["next"]["after"]})).json()
    assert [each["id"] for each in (*first["results"], *rest["results"])] == made[::-1]
    assert "paging" not in rest


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"to": "Person0@Example.org"}, 1),
        ({"recipient": "person1@example.org"}, 0),
        ({"subject": "ORDER"}, 1),
        ({"subject": "invoice"}, 0),
        ({"sendId": NOBODY.upper()}, 1),
        ({"sendId": "x"}, 0),
    ],
)
async def test_received_mails_are_filtered(
    client: httpx2.AsyncClient,
    db: database.Database,
    acme: Tenant,
    now: datetime,
    query: dict[str, str],
    found: int,
):
    await db.write(sent.received, acme.account.id, NOBODY, now)
    assert len((await client.get(SANDBOX, params=query)).json()["results"]) == found


async def test_a_received_mail_is_taken_apart(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    mail_id = await db.write(sent.received, acme.account.id, NOBODY, now, sent.letter("<p>Hi</p>"))
    found = (await client.get(f"{SANDBOX}/{mail_id}")).json()
    assert (found["text"], found["html"], found["subject"]) == ("Thank you, Ann.", "<p>Hi</p>", "Your order")
    assert {"name": "To", "value": "ann@example.org"} in found["headers"]
    assert (found["attachments"], found["truncated"], found["tls"]) == ([], False, "TLSv1.3")


async def test_attachments_are_listed_without_their_content(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    raw = b'Content-Type: application/pdf; name="../bill.pdf"\r\nContent-Disposition: attachment\r\n\r\n%PDF'
    mail_id = await db.write(sent.received, acme.account.id, NOBODY, now, raw)
    (found,) = (await client.get(f"{SANDBOX}/{mail_id}")).json()["attachments"]
    assert (found["contentType"], found["sizeBytes"]) == ("application/pdf", 4)
    assert "/" not in found["name"]


async def test_a_mail_without_texts_says_null(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    raw = b"Content-Type: application/pdf\r\n\r\n%PDF"
    mail_id = await db.write(sent.received, acme.account.id, NOBODY, now, raw)
    found = (await client.get(f"{SANDBOX}/{mail_id}")).json()
    assert (found["text"], found["html"]) == (None, None)


async def test_the_raw_mail_is_given_to_be_saved(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    mail_id = await db.write(sent.received, acme.account.id, NOBODY, now)
    answer = await client.get(f"{SANDBOX}/{mail_id}/raw")
    assert (answer.content, answer.headers["content-type"]) == (LETTER, "message/rfc822")
    assert answer.headers["content-disposition"] == f'attachment; filename="{mail_id}.eml"'


async def test_another_accounts_mail_is_not_there(
    services: http.Services, db: database.Database, acme: Tenant, rival: Tenant, now: datetime
):
    mail_id = await db.write(sent.received, acme.account.id, NOBODY, now)
    async with client_of(services, rival.headers) as client:
        assert (await client.get(SANDBOX)).json()["results"] == []
        answers = [await client.get(f"{SANDBOX}/{mail_id}{rest}") for rest in ("", "/raw")]
    assert [answer.status_code for answer in answers] == [404, 404]


def submitted(account_id: int, now: datetime, **changes: object) -> ledger.NewSend:
    """A mail as submission accepts it."""
    wish = submission.model.Wish(
        mail_from="hello@example.com", people={}, helo="x", ip="192.0.2.1", protocol="ESMTPSA", campaign_id=1,
        create_contact=False, opens=True, clicks=True,
    )  # fmt: skip
    usual = ledger.NewSend(
        account_id=account_id, id=ledger.SendId(database.uuid7(now)), requested_at=now, stream="transactional",
        email_id=1, app_id=submission.APP_ID, token_id="t", recipient="ann@example.org",
        payload=submission.model.encode(wish) + b"From: hello@example.com\r\n\r\nhi\r\n", payload_hash="",
    )  # fmt: skip
    return replace(usual, **changes)  # type: ignore[arg-type]


async def test_a_submitted_mail_can_be_downloaded_as_it_came(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    (send,) = await db.write(ledger.accept, [submitted(acme.account.id, now)])
    answer = await client.get(f"{SENDS}/{send.id}/content")
    assert answer.content == b"From: hello@example.com\r\n\r\nhi\r\n"
    assert answer.headers["content-type"] == "message/rfc822"
    assert answer.headers["content-disposition"] == f'attachment; filename="{send.id}.eml"'


async def test_what_was_kept_for_a_while_is_not_shown_after_it(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    shelf = ledger.Shelf(id=database.uuid7(now), keep_until=now - timedelta(seconds=1))
    (send,) = await db.write(ledger.accept, [submitted(acme.account.id, now, shelf=shelf)])
    assert (await client.get(f"{SENDS}/{send.id}/content")).status_code == 404


async def test_what_a_single_send_was_made_from_is_nobodys_mail(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    send_id = await db.write(sent.accepted, acme.account.id, now)
    assert (await client.get(f"{SENDS}/{send_id}/content")).status_code == 404


async def test_a_submitted_mail_is_nobody_elses(
    client: httpx2.AsyncClient, db: database.Database, rival: Tenant, now: datetime
):
    (send,) = await db.write(ledger.accept, [submitted(rival.account.id, now)])
    assert (await client.get(f"{SENDS}/{send.id}/content")).status_code == 404
