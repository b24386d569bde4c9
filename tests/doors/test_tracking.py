"""Opens, clicks and web versions: fast answers, true events, and no way to be led elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import httpx2
import pytest
from starlette.routing import Router

from sendwright import database, engage, ledger, tracking
from sendwright.doors.tracking import Visits, tracking_routes
from tests.doors import sent
from tests.doors.conftest import MovableClock, Tenant

pytestmark = pytest.mark.anyio

KEYS = (tracking.TrackingKey(b"k" * 32),)
OTHER_KEYS = (tracking.TrackingKey(b"o" * 32),)
TARGET = "https://shop.example.com/orders?a=1&b=2"
NOBODY = "01a20305-7d50-7218-b99a-803ff323caa5"
DELIVERED = (ledger.Outcome.DELIVERED,)
PERSON = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36"}


@pytest.fixture
def visits(db: database.Database) -> Visits:
    return Visits(db)


@pytest.fixture
async def reader(db: database.Database, visits: Visits, clock: MovableClock) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody with a mail, long after it was sent."""
    clock.advance(timedelta(hours=1))
    app = Router(tracking_routes(db, visits, KEYS, clock.now))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://track.test", headers=PERSON) as found:
        yield found


@pytest.fixture
async def send_id(db: database.Database, acme: Tenant, now: datetime) -> str:
    return await db.write(sent.attempted, acme.account.id, now)


def click_token(account_id: int, send_id: str, url: str = TARGET, keys: tuple[tracking.TrackingKey, ...] = KEYS) -> str:
    return tracking.seal_click(keys, tracking.Click(account_id=account_id, send_id=send_id, link=3, url=url))


def open_token(account_id: int, send_id: str, keys: tuple[tracking.TrackingKey, ...] = KEYS) -> str:
    return tracking.seal_open(keys, tracking.Open(account_id=account_id, send_id=send_id))


async def events(db: database.Database, visits: Visits, account_id: int, type_: ledger.EventType) -> list[ledger.Event]:
    await visits.flush()
    wanted = ledger.EventFilter(type=type_)
    return await db.read(lambda conn: ledger.find_events(conn, account_id, wanted, before=None, limit=100))


async def test_a_click_leads_to_its_target(reader: httpx2.AsyncClient, acme: Tenant, send_id: str):
    answer = await reader.get(f"/t/c/{click_token(acme.account.id, send_id)}")
    assert (answer.status_code, answer.headers["location"]) == (302, TARGET)


async def test_a_click_is_an_event_of_its_send(
    reader: httpx2.AsyncClient, db: database.Database, visits: Visits, acme: Tenant, send_id: str
):
    await reader.get(f"/t/c/{click_token(acme.account.id, send_id)}", headers={"Referer": "https://mail.example.net/"})
    (event,) = await events(db, visits, acme.account.id, ledger.EventType.CLICK)
    assert event.send_id == send_id
    assert event.facts | {"url": TARGET, "linkId": 3, "referer": "https://mail.example.net/"} == event.facts
    assert event.facts["filteredEvent"] is False


async def test_an_open_is_an_event_of_its_send(
    reader: httpx2.AsyncClient, db: database.Database, visits: Visits, acme: Tenant, send_id: str
):
    answer = await reader.get(f"/t/o/{open_token(acme.account.id, send_id)}")
    assert (answer.content, answer.headers["content-type"]) == (tracking.PIXEL_GIF, "image/gif")
    (event,) = await events(db, visits, acme.account.id, ledger.EventType.OPEN)
    assert (event.send_id, event.facts["userAgent"]) == (send_id, PERSON["User-Agent"])


async def test_a_machine_that_opens_is_marked(
    reader: httpx2.AsyncClient, db: database.Database, visits: Visits, acme: Tenant, send_id: str
):
    proxy = {"User-Agent": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"}
    await reader.get(f"/t/o/{open_token(acme.account.id, send_id)}", headers=proxy)
    (event,) = await events(db, visits, acme.account.id, ledger.EventType.OPEN)
    assert event.facts["filteredEvent"] is True


async def test_a_token_with_any_character_changed_is_404_and_no_redirect(
    reader: httpx2.AsyncClient, db: database.Database, visits: Visits, acme: Tenant, send_id: str
):
    token = click_token(acme.account.id, send_id)
    changed = [token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :] for n in range(len(token))]
    answers = [await reader.get(f"/t/c/{each}") for each in (*changed, token[:-1], token + "A", token + "=")]
    assert {(answer.status_code, answer.headers.get("location")) for answer in answers} == {(404, None)}
    assert await events(db, visits, acme.account.id, ledger.EventType.CLICK) == []


@pytest.mark.parametrize("token", ["", "x", "%00", "%E2%80%A8", "A" * 9000, "..%2F..%2Fetc", "https:%2F%2Fevil.test"])
@pytest.mark.parametrize("kind", ["c", "o", "v"])
async def test_what_is_no_token_of_ours_is_404(reader: httpx2.AsyncClient, kind: str, token: str):
    answer = await reader.get(f"/t/{kind}/{token}")
    assert (answer.status_code, answer.headers.get("location")) == (404, None)


async def test_a_token_under_another_key_is_404(reader: httpx2.AsyncClient, acme: Tenant, send_id: str):
    paths = [
        f"/t/c/{click_token(acme.account.id, send_id, keys=OTHER_KEYS)}",
        f"/t/o/{open_token(acme.account.id, send_id, keys=OTHER_KEYS)}",
    ]
    assert [(await reader.get(path)).status_code for path in paths] == [404, 404]


async def test_a_pixels_token_opens_no_other_door(reader: httpx2.AsyncClient, acme: Tenant, send_id: str):
    token = open_token(acme.account.id, send_id)
    assert [(await reader.get(f"/t/{kind}/{token}")).status_code for kind in "cv"] == [404, 404]


async def test_a_hit_for_another_account_is_no_event_of_this_one(
    reader: httpx2.AsyncClient, db: database.Database, visits: Visits, acme: Tenant, rival: Tenant, send_id: str
):
    await reader.get(f"/t/o/{open_token(rival.account.id, send_id)}")
    for tenant in (acme, rival):
        assert await events(db, visits, tenant.account.id, ledger.EventType.OPEN) == []


async def test_a_hit_for_a_send_that_is_gone_still_leads_on(
    reader: httpx2.AsyncClient, db: database.Database, visits: Visits, acme: Tenant
):
    answer = await reader.get(f"/t/c/{click_token(acme.account.id, NOBODY)}")
    assert answer.status_code == 302
    assert await events(db, visits, acme.account.id, ledger.EventType.CLICK) == []


async def test_the_host_header_leads_nowhere(reader: httpx2.AsyncClient, acme: Tenant, send_id: str):
    answer = await reader.get(f"/t/c/{click_token(acme.account.id, send_id)}", headers={"Host": "evil.test"})
    assert answer.headers["location"] == TARGET


async def test_hits_are_never_kept_by_caches_or_listed_by_robots(
    reader: httpx2.AsyncClient, acme: Tenant, send_id: str
):
    for path in (f"/t/c/{click_token(acme.account.id, send_id)}", f"/t/o/{open_token(acme.account.id, send_id)}"):
        headers = (await reader.get(path)).headers
        assert "no-store" in headers["cache-control"]
        assert "noindex" in headers["x-robots-tag"]


async def test_head_is_answered_and_marked_as_a_machine(
    reader: httpx2.AsyncClient, db: database.Database, visits: Visits, acme: Tenant, send_id: str
):
    answer = await reader.head(f"/t/c/{click_token(acme.account.id, send_id)}")
    assert answer.status_code == 302
    (event,) = await events(db, visits, acme.account.id, ledger.EventType.CLICK)
    assert event.facts["filteredEvent"] is True


async def test_a_head_of_the_pixel_has_no_body(reader: httpx2.AsyncClient, acme: Tenant, send_id: str):
    assert (await reader.head(f"/t/o/{open_token(acme.account.id, send_id)}")).content == b""


async def test_other_methods_are_refused(reader: httpx2.AsyncClient, acme: Tenant, send_id: str):
    answer = await reader.post(f"/t/c/{click_token(acme.account.id, send_id)}")
    assert (answer.status_code, answer.headers.get("location")) == (405, None)


async def test_control_characters_of_a_user_agent_are_not_kept(
    reader: httpx2.AsyncClient, db: database.Database, visits: Visits, acme: Tenant, send_id: str
):
    headers = {b"User-Agent": b"a\x01\x7f\x85b" + b"x" * 5000}
    await reader.get(f"/t/o/{open_token(acme.account.id, send_id)}", headers=headers)
    (event,) = await events(db, visits, acme.account.id, ledger.EventType.OPEN)
    assert event.facts["userAgent"].startswith("a???b")
    assert len(event.facts["userAgent"]) == 1000


class Gone:
    """A database that does not answer."""

    async def write(self, fn: object, batch: object) -> None:
        raise database.Unavailable("the disk is full")


async def test_visits_wait_while_the_database_is_gone(db: database.Database, acme: Tenant, send_id: str, now: datetime):
    visits = Visits(Gone())  # type: ignore[arg-type]
    door_visits = Visits(db)
    router = Router(tracking_routes(db, visits, KEYS, lambda: now))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=router), base_url="http://track.test") as reader:
        assert (await reader.get(f"/t/o/{open_token(acme.account.id, send_id)}")).status_code == 200
    await visits.flush()
    for visit in visits._waiting:
        door_visits.note(visit)
    assert len(await events(db, door_visits, acme.account.id, ledger.EventType.OPEN)) == 1


class Noting:
    """A database that says when it was written to."""

    def __init__(self) -> None:
        self.written = asyncio.Event()

    async def write(self, fn: object, batch: object) -> None:
        self.written.set()


async def test_what_waits_is_written_without_being_asked(acme: Tenant, send_id: str, now: datetime):
    noting = Noting()
    visits = Visits(noting)  # type: ignore[arg-type]
    async with asyncio.TaskGroup() as group:
        running = group.create_task(visits.run())
        visits.note(
            engage.Visit(
                account_id=acme.account.id, send_id=ledger.SendId(send_id), at=now, user_agent="", ip="", method="GET"
            )
        )
        await asyncio.wait_for(noting.written.wait(), 5)
        running.cancel()


async def test_the_web_version_of_a_send_without_contact_is_not_there(
    reader: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    send_id = await db.write(sent.accepted, acme.account.id, now)
    page = tracking.WebVersion(account_id=acme.account.id, send_id=send_id)
    assert (await reader.get(f"/t/v/{tracking.seal_web_version(KEYS, page)}")).status_code == 404


async def web_version(
    reader: httpx2.AsyncClient, client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
) -> httpx2.Response:
    """The web version of a mail whose template names the contact and a property that the caller gave for it alone."""
    html = "<p>Hello, {{ contact.firstname }}.{{ custom.secret|default('') }}</p>"
    authored = {
        "name": "Receipt", "subject": "Receipt", "type": "SINGLE_SEND_API", "content": {"html": html},
        "from": {"fromName": "Shop", "replyTo": "shop@example.com"},
    }  # fmt: skip
    email_id = (await client.post("/marketing/v3/emails", json=authored)).json()["id"]
    assert (await client.post(f"/marketing/v3/emails/{email_id}/publish")).status_code == 204
    properties = {"email": "ann@example.org", "firstname": "Ann<script>"}
    contact = (await client.post("/crm/v3/objects/contacts", json={"properties": properties})).json()
    assert contact["id"] == "101"  # the one whom the cast's sends are for
    send_id = await db.write(sent.attempted, acme.account.id, now, DELIVERED, int(email_id))
    page = tracking.WebVersion(account_id=acme.account.id, send_id=send_id)
    return await reader.get(f"/t/v/{tracking.seal_web_version(KEYS, page)}")


async def test_the_web_version_shows_the_mail(
    reader: httpx2.AsyncClient, client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    answer = await web_version(reader, client, db, acme, now)
    assert answer.status_code == 200
    assert "<p>Hello, Ann&lt;script&gt;.</p>" in answer.text


async def test_the_web_version_runs_nothing_and_is_kept_by_nobody(
    reader: httpx2.AsyncClient, client: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    headers = (await web_version(reader, client, db, acme, now)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script" not in policy
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert headers["x-content-type-options"] == "nosniff"
