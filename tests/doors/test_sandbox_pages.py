"""The sandbox pages: who may see them, what they tell, and that a stranger's mail stays in its frame."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import httpx2
import pytest

from sendwright import accounts, database, engage, ledger, tracking
from sendwright.doors import http
from sendwright.doors.web import sandbox_page_url, sandbox_routes
from sendwright.doors.web.sandbox_frame import count_remote_images, frame_document
from sendwright.doors.web.sandbox_lane import offset
from tests.doors import sent
from tests.doors.conftest import MovableClock, Tenant, client_of

pytestmark = pytest.mark.anyio
DATABASES = ("sqlite",)

KEYS = (tracking.TrackingKey(b"k" * 32),)
OTHER_KEYS = (tracking.TrackingKey(b"o" * 32),)
DELIVERED, DEFERRED, FAILED = ledger.Outcome.DELIVERED, ledger.Outcome.DEFERRED, ledger.Outcome.FAILED
NOBODY = "01a20305-7d50-7218-b99a-803ff323caa5"


@pytest.fixture
async def stranger(
    services: http.Services, db: database.Database, clock: MovableClock
) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser that is not logged in."""
    pages = sandbox_routes(db, KEYS, clock.now, "http://door.test")
    async with client_of(replace(services, public_url="http://door.test", pages=pages), {}) as found:
        yield found


@pytest.fixture
async def ada(stranger: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime) -> httpx2.AsyncClient:
    """The same browser, logged in to Acme."""
    return await _log_in(stranger, db, acme, now)


async def _log_in(
    browser: httpx2.AsyncClient, db: database.Database, tenant: Tenant, now: datetime
) -> httpx2.AsyncClient:
    who = f"ada@{tenant.account.name.lower()}.example.com"
    user = await db.write(accounts.create_user, tenant.account.id, who, "no password", now, "operator")
    _, secret = await db.write(accounts.open_session, user, now)
    browser.cookies.set("sendwright", secret)
    return browser


@pytest.fixture
async def send_id(db: database.Database, acme: Tenant, now: datetime) -> str:
    return await db.write(sent.attempted, acme.account.id, now)


@pytest.fixture
async def mail_id(db: database.Database, acme: Tenant, send_id: str, now: datetime) -> str:
    raw = sent.letter('<p>Thank you</p><script>alert(1)</script><a href="https://shop.example.com/x">x</a>')
    return await db.write(sent.received, acme.account.id, send_id, now + timedelta(milliseconds=200), raw)


def key_for(account_id: int, send_id: str, keys: tuple[tracking.TrackingKey, ...] = KEYS) -> str:
    return tracking.seal_sandbox_page(keys, tracking.SandboxPage(account_id=account_id, send_id=send_id))


def link_to(tenant: Tenant, send_id: str) -> str:
    return sandbox_page_url("http://door.test", KEYS, tenant.account.id, send_id)


async def test_the_printed_link_opens_the_page(stranger: httpx2.AsyncClient, acme: Tenant, send_id: str):
    answer = await stranger.get(link_to(acme, send_id))
    assert answer.status_code == 200
    assert "It was delivered." in answer.text


async def test_a_login_opens_the_page(ada: httpx2.AsyncClient, send_id: str):
    assert (await ada.get(f"/sandbox/s/{send_id}")).status_code == 200


async def test_without_key_and_login_the_way_leads_to_the_login(stranger: httpx2.AsyncClient, send_id: str):
    answer = await stranger.get(f"/sandbox/s/{send_id}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next=/sandbox/s/{send_id}")


@pytest.mark.parametrize("path", ["", "/html", "/raw", "/attachment"])
async def test_a_wrong_key_opens_nothing_and_tells_nothing(
    stranger: httpx2.AsyncClient, acme: Tenant, rival: Tenant, send_id: str, mail_id: str, path: str
):
    good = key_for(acme.account.id, send_id)
    wrong = (
        "", "x", "%00", good[:-1], good + "A", "Z" + good[1:], "A" * 9000,
        key_for(acme.account.id, send_id, OTHER_KEYS), key_for(rival.account.id, send_id),
        key_for(acme.account.id, NOBODY),
        tracking.seal_open(KEYS, tracking.Open(account_id=acme.account.id, send_id=send_id)),
    )  # fmt: skip
    query = {"mail": mail_id, "n": "0"}
    answers = [await stranger.get(f"/sandbox/s/{send_id}{path}", params={**query, "key": key}) for key in wrong]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


async def test_a_login_of_another_account_opens_nothing(
    stranger: httpx2.AsyncClient, db: database.Database, rival: Tenant, now: datetime, send_id: str, mail_id: str
):
    eve = await _log_in(stranger, db, rival, now)
    paths = [f"/sandbox/s/{send_id}{part}?mail={mail_id}" for part in ("", "/html", "/raw", "/attachment")]
    assert [(await eve.get(path)).status_code for path in paths] == [404] * 4
    assert mail_id not in (await eve.get("/sandbox")).text


async def test_a_key_opens_no_mail_of_another_send(
    stranger: httpx2.AsyncClient, db: database.Database, acme: Tenant, mail_id: str, now: datetime
):
    other = await db.write(sent.attempted, acme.account.id, now)
    answer = await stranger.get(
        f"/sandbox/s/{other}/raw", params={"mail": mail_id, "key": key_for(acme.account.id, other)}
    )
    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["1", "x" * 200, "%00", "%E2%80%A8", NOBODY, NOBODY.upper()])
async def test_what_is_no_send_is_not_there(ada: httpx2.AsyncClient, name: str):
    assert (await ada.get(f"/sandbox/s/{name}")).status_code == 404


@pytest.mark.parametrize("query", ["mail=x", "mail=%00", "tab=%00", "tab=<script>", "mail=" + NOBODY, "key=&tab=raw"])
async def test_strange_wishes_show_the_usual(ada: httpx2.AsyncClient, send_id: str, mail_id: str, query: str):
    answer = await ada.get(f"/sandbox/s/{send_id}?{query}")
    assert (answer.status_code, mail_id in answer.text, "<script>" in answer.text) == (200, True, False)


@pytest.mark.parametrize("tab", ["html", "text", "headers", "links", "raw", "events"])
async def test_every_tab_is_a_link_and_marked_when_open(
    stranger: httpx2.AsyncClient, acme: Tenant, send_id: str, mail_id: str, tab: str
):
    page = (await stranger.get(link_to(acme, send_id) + f"&tab={tab}")).text
    current = re.findall(r'<a href="([^"]+)" aria-current="page"', page)
    assert len(current) == 1
    assert f"tab={tab}" in current[0]
    assert "key=" in current[0]


@pytest.mark.parametrize(
    ("tab", "said"),
    [
        ("text", "Thank you, Ann."),
        ("headers", "&lt;1@example.com&gt;"),
        ("links", "https://shop.example.com/x"),
        ("raw", "Content-Type: multipart/alternative"),
        ("events", "PROCESSED"),
    ],
)
async def test_a_tab_shows_its_part(ada: httpx2.AsyncClient, send_id: str, mail_id: str, tab: str, said: str):
    assert said in (await ada.get(f"/sandbox/s/{send_id}?tab={tab}")).text


async def test_a_tracked_link_is_listed_by_where_it_leads_in_the_end(
    ada: httpx2.AsyncClient, db: database.Database, acme: Tenant, send_id: str, now: datetime
):
    click = tracking.Click(account_id=acme.account.id, send_id=send_id, link=0, url="https://shop.example.com/end")
    html = f'<a href="http://door.test/t/c/{tracking.seal_click(KEYS, click)}">x</a><a data-unsubscribe href="https://u.test/">u</a>'
    await db.write(sent.received, acme.account.id, send_id, now, sent.letter(html))
    page = (await ada.get(f"/sandbox/s/{send_id}?tab=links")).text
    assert "<bdi>https://shop.example.com/end</bdi>" in page
    assert "<bdi>https://u.test/</bdi>" in page


async def test_the_way_of_a_send_is_told_step_by_step(ada: httpx2.AsyncClient, send_id: str):
    page = (await ada.get(f"/sandbox/s/{send_id}")).text
    steps = re.findall(r'<p class="title"><bdi>([^<]+)</bdi>', page)
    assert steps == ["Accepted", "Composed", "Delivered to person0@example.org"]
    assert "+345 ms" in page
    assert "220 hi" in page


@pytest.mark.parametrize(
    ("outcome", "word", "step"),
    [
        (DELIVERED, "Delivered", "Delivered to person0@example.org"),
        (DEFERRED, "Put off", "Put off for person0@example.org"),
        (FAILED, "Not delivered", "Failed for person0@example.org"),
        (ledger.Outcome.IN_DOUBT, "Put off", "In doubt for person0@example.org"),
    ],
)
async def test_an_outcome_is_told_in_words(
    ada: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime, outcome: ledger.Outcome, word: str,
    step: str,
):  # fmt: skip
    send_id = await db.write(sent.attempted, acme.account.id, now, [outcome])
    page = (await ada.get(f"/sandbox/s/{send_id}")).text
    assert f"</span> {word}" in page
    assert step in page


async def test_a_try_that_is_to_come_stands_last(
    ada: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    send_id = await db.write(sent.attempted, acme.account.id, now, [DEFERRED])
    page = (await ada.get(f"/sandbox/s/{send_id}")).text
    last = re.findall(r'<p class="title"><bdi>([^<]+)</bdi>', page)[-1]
    assert (last, "14:07:07.000" in page) == ("Next try for person0@example.org", True)


async def test_what_is_held_says_why_and_names_no_next_try(
    ada: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    send_id = await db.write(sent.attempted, acme.account.id, now, [DEFERRED])
    await db.write(sent.hold, acme.account.id, send_id, now, "Reason: wrong price.")
    page = (await ada.get(f"/sandbox/s/{send_id}")).text
    assert "Held: person0@example.org" in page
    assert "Reason: wrong price." in page
    assert "Next try for" not in page
    assert "</span> Held" in page


async def test_what_comes_back_by_mail_is_a_step(
    ada: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime, send_id: str
):
    later = now + timedelta(minutes=1)
    await db.write(sent.came_back, acme.account.id, send_id, later, "550 5.1.1 closed yesterday")
    page = (await ada.get(f"/sandbox/s/{send_id}")).text
    assert "Came back from person0@example.org" in page
    assert "550 5.1.1 closed yesterday" in page


async def test_a_send_that_was_dropped_says_why(
    ada: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    send_id = await db.write(sent.dropped, acme.account.id, now)
    page = (await ada.get(f"/sandbox/s/{send_id}")).text
    assert "</span> Not sent <code>MISSING_CONTENT</code>" in page
    assert "<h1><bdi>No such e-mail.</bdi></h1>" in page
    assert "No server took a message of this send" in page


async def test_a_send_on_its_way_is_worth_another_look(
    ada: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    send_id = await db.write(sent.accepted, acme.account.id, now)
    page = (await ada.get(f"/sandbox/s/{send_id}")).text
    assert "data-look-again" in page
    assert "Look again</a>" in page
    assert "The mail has not arrived yet." in page


async def test_a_send_that_is_done_is_left_alone(ada: httpx2.AsyncClient, send_id: str):
    page = (await ada.get(f"/sandbox/s/{send_id}")).text
    assert "data-look-again" not in page
    assert "did not go to the sandbox" in page


async def test_opens_and_clicks_are_steps(
    ada: httpx2.AsyncClient, db: database.Database, acme: Tenant, send_id: str, now: datetime
):
    visit = engage.Visit(
        account_id=acme.account.id, send_id=ledger.SendId(send_id), at=now + timedelta(minutes=3),
        user_agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)", ip="192.0.2.9", method="GET",
    )  # fmt: skip
    click = replace(
        visit, user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
        url="https://shop.example.com/<x>", link=0,
    )  # fmt: skip
    await db.write(engage.note_visits, [visit, click])
    await db.write(engage.complained, acme.account.id, ledger.SendId(send_id), "ann@example.org", now)
    page = (await ada.get(f"/sandbox/s/{send_id}")).text
    assert "Opened by a privacy proxy" in page
    assert "<bdi>Clicked</bdi>" in page
    assert "https://shop.example.com/&lt;x&gt;" in page
    assert "Reported as spam" in page
    assert "+3 min 0 s" in page


async def test_a_visit_never_stands_before_the_delivery(
    ada: httpx2.AsyncClient, db: database.Database, acme: Tenant, send_id: str, now: datetime
):
    at = now + timedelta(milliseconds=344)  # the delivery was noted a millisecond later
    await db.write(engage.complained, acme.account.id, ledger.SendId(send_id), "ann@example.org", at)
    page = (await ada.get(f"/sandbox/s/{send_id}")).text
    assert page.index("Delivered to person0") < page.index("Reported as spam")


async def test_each_recipient_has_a_copy_to_choose(
    ada: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    send_id = await db.write(sent.attempted, acme.account.id, now, [DELIVERED, DELIVERED])
    cc = await db.write(sent.received, acme.account.id, send_id, now, sent.letter("cc"), "person1@example.org")
    to = await db.write(sent.received, acme.account.id, send_id, now, sent.letter("to"), "Person0@example.org")
    page = (await ada.get(f"/sandbox/s/{send_id}")).text
    assert re.findall(r'<span class="part">(\w+)</span>', page) == ["cc", "to"]
    assert f"/html?mail={to}" in page
    assert f"/html?mail={cc}" in (await ada.get(f"/sandbox/s/{send_id}?mail={cc}")).text


async def test_what_a_mail_says_is_never_markup_of_the_page(
    ada: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    send_id = await db.write(sent.accepted, acme.account.id, now, evil)
    raw = (
        f"Subject: {evil}\r\nFrom: {evil}\r\nTo: {evil}\r\nX-Evil: {evil}\r\nMessage-ID: {evil}\r\n"
        f'Content-Type: text/plain; name="{evil}.txt"\r\n\r\n{evil}'
    )
    await db.write(sent.received, acme.account.id, send_id, now, raw.encode(), evil)
    pages = [(await ada.get(f"/sandbox/s/{send_id}?tab={tab}")).text for tab in ("text", "headers", "raw", "events")]
    for page in (*pages, (await ada.get("/sandbox")).text, (await ada.get("/sandbox", params={"q": evil})).text):
        assert "<script>" not in page
        assert "<img" not in page


async def test_the_frame_gets_a_policy_that_forbids_all(
    stranger: httpx2.AsyncClient, acme: Tenant, send_id: str, mail_id: str
):
    key = key_for(acme.account.id, send_id)
    answer = await stranger.get(f"/sandbox/s/{send_id}/html", params={"mail": mail_id, "key": key})
    policy = answer.headers["content-security-policy"].split("; ")
    assert answer.status_code == 200
    assert {"default-src 'none'", "img-src data:", "style-src 'unsafe-inline'", "sandbox"} < set(policy)
    assert "script" not in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-dns-prefetch-control"] == "off"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_page_frames_only_the_mail_it_shows(
    stranger: httpx2.AsyncClient, acme: Tenant, send_id: str, mail_id: str
):
    answer = await stranger.get(link_to(acme, send_id))
    assert f"frame-src door.test/sandbox/s/{send_id}/html;" in answer.headers["content-security-policy"] + ";"
    assert '<iframe sandbox="" src="/sandbox/s/' in answer.text


async def test_a_strange_host_gets_no_word_in_the_policy(ada: httpx2.AsyncClient, send_id: str):
    answer = await ada.get(f"/sandbox/s/{send_id}", headers={"Host": "x; script-src *"})
    assert "frame-src 'self'" in answer.headers["content-security-policy"]
    assert "script-src *" not in answer.headers["content-security-policy"]


async def test_no_link_of_a_page_comes_from_the_host_header(ada: httpx2.AsyncClient, send_id: str, mail_id: str):
    for path in ("/sandbox", "/sandbox?q=none", f"/sandbox/s/{send_id}"):
        assert "evil.test" not in (await ada.get(path, headers={"Host": "evil.test"})).text


async def test_a_page_with_a_key_tells_nobody_its_address(stranger: httpx2.AsyncClient, acme: Tenant, send_id: str):
    answer = await stranger.get(link_to(acme, send_id))
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "noindex" in answer.headers["x-robots-tag"]


async def test_the_raw_mail_is_given_to_be_saved(
    stranger: httpx2.AsyncClient, acme: Tenant, db: database.Database, send_id: str, now: datetime
):
    mail_id = await db.write(sent.received, acme.account.id, send_id, now)
    key = key_for(acme.account.id, send_id)
    answer = await stranger.get(f"/sandbox/s/{send_id}/raw", params={"mail": mail_id, "key": key})
    assert (answer.content, answer.headers["content-type"]) == (sent.LETTER, "message/rfc822")
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{mail_id}.eml"')


async def test_an_attachment_is_saved_under_its_name_and_never_shown(
    ada: httpx2.AsyncClient, db: database.Database, acme: Tenant, send_id: str, now: datetime
):
    named = b'attachment; filename="caf\xc3\xa9\\"\r.html"'
    raw = b"Content-Type: text/html\r\nContent-Disposition: " + named + b"\r\n\r\n<script>"
    mail_id = await db.write(sent.received, acme.account.id, send_id, now, raw)
    answer = await ada.get(f"/sandbox/s/{send_id}/attachment?mail={mail_id}&n=0")
    assert (answer.content, answer.headers["content-type"]) == (b"<script>", "application/octet-stream")
    assert re.fullmatch(
        r"attachment; filename=\"[\w. -]+\"; filename\*=UTF-8''[\w.%-]+", answer.headers["content-disposition"]
    )


@pytest.mark.parametrize("number", ["1", "-1", "x", "", "99999", "٣", "0x0"])
async def test_an_attachment_that_is_not_there_is_404(ada: httpx2.AsyncClient, send_id: str, mail_id: str, number: str):
    answer = await ada.get(f"/sandbox/s/{send_id}/attachment", params={"mail": mail_id, "n": number})
    assert answer.status_code == 404


async def test_a_mail_without_html_opens_with_its_text(
    ada: httpx2.AsyncClient, db: database.Database, acme: Tenant, send_id: str, now: datetime
):
    mail_id = await db.write(sent.received, acme.account.id, send_id, now, b"Subject: x\r\n\r\nPlain words.")
    page = (await ada.get(f"/sandbox/s/{send_id}")).text
    assert "Plain words." in page
    assert "<iframe" not in page
    assert (await ada.get(f"/sandbox/s/{send_id}/html?mail={mail_id}")).status_code == 404


async def test_a_large_mail_is_shown_in_part_and_says_so(
    ada: httpx2.AsyncClient, db: database.Database, acme: Tenant, send_id: str, now: datetime
):
    raw = b"Subject: x\r\n\r\n" + b"all work and no play \r\n" * 150_000
    await db.write(sent.received, acme.account.id, send_id, now, raw)
    pages = [(await ada.get(f"/sandbox/s/{send_id}?tab={tab}")).text for tab in ("text", "raw")]
    assert max(len(page) for page in pages) < 700_000
    assert "too large to be shown whole" in pages[0]
    assert "Its first 64 KB" in pages[1]


async def test_the_list_wants_a_login(stranger: httpx2.AsyncClient):
    answer = await stranger.get("/sandbox?q=x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/sandbox%3Fq%3Dx")


async def test_an_empty_sandbox_says_how_to_fill_it(ada: httpx2.AsyncClient):
    page = (await ada.get("/sandbox")).text
    assert "curl http://door.test/marketing/v3/transactional/single-email/send" in page
    assert "the id of a published e-mail" in page


async def test_the_command_names_an_email_that_can_be_sent(ada: httpx2.AsyncClient, acme: Tenant):
    authored = {
        "name": "Receipt", "subject": "Receipt", "type": "SINGLE_SEND_API", "content": {"html": "<p>x</p>"},
        "from": {"fromName": "Shop", "replyTo": "shop@example.com"},
    }  # fmt: skip
    made = (await ada.post("/marketing/v3/emails", json=authored, headers=acme.headers)).json()
    await ada.post(f"/marketing/v3/emails/{made['id']}/publish", headers=acme.headers)
    page = (await ada.get("/sandbox")).text
    assert f"&#34;emailId&#34;: {made['id']}" in page
    assert "the id of a published e-mail" not in page


@pytest.mark.parametrize(
    ("search", "found"),
    [("", 2), ("PERSON1@example.org", 1), ("order", 2), ("invoice", 0), ("%", 0), (NOBODY, 2), ("\0", 2)],
)
async def test_one_box_searches_addresses_subjects_and_sends(
    ada: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime, search: str, found: int
):
    for n in range(2):
        await db.write(sent.received, acme.account.id, NOBODY, now, sent.LETTER, f"person{n}@example.org")
    page = (await ada.get("/sandbox", params={"q": search})).text
    assert page.count('class="subject"') == found
    assert ("Nothing found" in page) is (found == 0)


async def test_the_list_is_paged_and_keeps_the_search(
    ada: httpx2.AsyncClient, db: database.Database, acme: Tenant, now: datetime
):
    for n in range(51):
        await db.write(sent.received, acme.account.id, NOBODY, now + timedelta(minutes=n))
    first = (await ada.get("/sandbox?q=your+order")).text
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older is not None
    second = (await ada.get(older[1].replace("&amp;", "&"))).text
    assert (first.count('class="subject"'), second.count('class="subject"')) == (50, 1)
    assert 'href="/sandbox?q=your%20order">Newest' in second


async def test_beyond_the_oldest_there_is_nothing(ada: httpx2.AsyncClient):
    page = (await ada.get(f"/sandbox?before={'0' * 8}-0000-7000-8000-{'0' * 12}")).text
    assert "There is nothing older." in page


@pytest.mark.parametrize("path", ["/sandbox", "/sandbox/s/{id}", "/sandbox/s/{id}?tab=links"])
async def test_a_page_has_no_inline_script_or_style(ada: httpx2.AsyncClient, send_id: str, mail_id: str, path: str):
    answer = await ada.get(path.format(id=send_id))
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|<style|style=", answer.text)


# --- the frame's document


@pytest.mark.parametrize("name", ["link", "LINK", "meta", "Base"])
@pytest.mark.parametrize("after", [" rel=preconnect href=//x.test>", "/rel=x>", "\n>", "\f>", "", ">"])
def test_what_opens_connections_ahead_is_taken_out(name: str, after: str):
    assert frame_document(f"<p>a<{name}{after}") == f'<base target="_blank"><p>a<basefont{after}'


@pytest.mark.parametrize("name", ["iframe", "frame", "object", "embed", "FRAMESET", "applet", "portal"])
def test_a_frame_within_the_frame_is_no_frame(name: str):
    assert f"<x-{name} srcdoc=" in frame_document(f"<{name} srcdoc='&lt;link>'></{name}>")
    assert f"</x-{name}>" in frame_document(f"<{name} srcdoc='&lt;link>'></{name}>")


@pytest.mark.parametrize("name", ["linker", "metal", "basement", "iframes"])
def test_names_that_only_begin_alike_are_left_alone(name: str):
    assert frame_document(f"<{name}>").endswith(f"<{name}>")


def test_the_doctype_stays_first():
    assert frame_document("\n<!DOCTYPE html><p>") == '\n<!DOCTYPE html><base target="_blank"><p>'


def test_remote_images_are_counted():
    html = '<img src="https://a.test/1"><IMG alt=x src=//a.test/2><img src="data:,"><img src=cid:1><p src="http://x">'
    assert count_remote_images(html) == 2


@pytest.mark.parametrize("piece", ["<img ", "<img src ", "<img src=", "<link", "<!doctype", "<" * 3, "<img" + " " * 9])
def test_hostile_html_costs_little(piece: str):
    html = piece * (1_000_000 // len(piece))
    assert len(frame_document(html)) >= len(html)
    assert count_remote_images(html) == 0


@pytest.mark.parametrize(
    ("gap", "told"),
    [
        (timedelta(seconds=-1), "+0 ms"),
        (timedelta(milliseconds=12), "+12 ms"),
        (timedelta(seconds=1.26), "+1.3 s"),
        (timedelta(seconds=250), "+4 min 10 s"),
        (timedelta(hours=3, minutes=5), "+3 h 5 min"),
        (timedelta(days=2), "+2 days"),
    ],
)
def test_a_time_after_the_call_is_told_as_people_do(gap: timedelta, told: str):
    assert offset(gap) == told
