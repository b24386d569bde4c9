"""Logging in and out."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sendwright import accounts, database
from sendwright.doors import http, web
from tests.doors.conftest import MovableClock, Tenant, client_of

pytestmark = pytest.mark.anyio
DATABASES = ("sqlite",)

PASSWORD = "correct horse battery staple"
HASH = accounts.hash_password(PASSWORD)


@pytest.fixture
async def ada(db: database.Database, acme: Tenant, now: datetime) -> accounts.User:
    return await db.write(accounts.create_user, acme.account.id, "ada@example.com", HASH, now, "operator")


@pytest.fixture
async def browser(services: http.Services, ada: accounts.User) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(replace(services, public_url="http://door.test"), {}) as found:
        yield found


def token_in(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


async def log_in(
    browser: httpx2.AsyncClient, password: str = PASSWORD, email: str = "ada@example.com", wanted: str = "/docs",
    headers: dict[str, str] | None = None,
) -> httpx2.Response:  # fmt: skip
    page = await browser.get("/login", params={"next": wanted})
    form = {"email": email, "password": password, "next": wanted, "form_token": token_in(page.text)}
    return await browser.post("/login", data=form, headers=headers)


async def is_logged_in(browser: httpx2.AsyncClient) -> bool:
    return "ada@example.com" in (await browser.get("/")).text


async def test_the_right_password_opens_a_session(browser: httpx2.AsyncClient):
    answer = await log_in(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/docs")
    assert await is_logged_in(browser)


async def test_an_address_is_taken_in_any_case(browser: httpx2.AsyncClient):
    assert (await log_in(browser, email=" Ada@Example.COM")).status_code == 303


async def test_a_visitor_is_not_logged_in(browser: httpx2.AsyncClient):
    assert not await is_logged_in(browser)


async def test_who_is_logged_in_needs_no_login_page(browser: httpx2.AsyncClient):
    await log_in(browser)
    assert (await browser.get("/login?next=/docs")).headers["location"] == "/docs"


@pytest.mark.parametrize(
    ("email", "password"), [("ada@example.com", "wrong"), ("eve@example.com", PASSWORD), ("a\0", "b")]
)
async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    browser: httpx2.AsyncClient, email: str, password: str
):
    answer = await log_in(browser, email=email, password=password)
    assert (answer.status_code, "The address or the password is wrong." in answer.text) == (401, True)


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: httpx2.AsyncClient):
    cookies = (await log_in(browser)).headers.get_list("set-cookie")
    (session,) = [each for each in cookies if each.startswith("sendwright=")]
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in session.split(";")}


async def test_on_https_the_cookie_insists_on_it(services: http.Services, ada: accounts.User):
    async with client_of(services, {}) as browser:
        browser.base_url = "https://send.example.com"
        answer = await log_in(browser)
    (session,) = [each for each in answer.headers.get_list("set-cookie") if each.startswith("__Host-sendwright=")]
    assert "secure" in session.lower()


async def test_each_login_has_a_fresh_session(browser: httpx2.AsyncClient, services: http.Services, now: datetime):
    await log_in(browser)
    before = browser.cookies["sendwright"]
    page = await browser.get("/")
    await browser.post("/logout", data={"form_token": token_in(page.text)})
    await log_in(browser)
    assert browser.cookies["sendwright"] != before


async def test_a_session_that_was_planted_before_the_login_is_worth_nothing(
    browser: httpx2.AsyncClient, db: database.Database, now: datetime
):
    page = await browser.get("/login")
    browser.cookies.set("sendwright", "planted", domain="door.test")
    form = {"email": "ada@example.com", "password": PASSWORD, "form_token": token_in(page.text)}
    await browser.post("/login", data=form)
    assert await db.read(accounts.find_session, "planted", now) is None


async def test_logging_out_ends_the_session(browser: httpx2.AsyncClient, db: database.Database, now: datetime):
    await log_in(browser)
    secret = browser.cookies["sendwright"]
    page = await browser.get("/")
    await browser.post("/logout", data={"form_token": token_in(page.text)})
    assert await db.read(accounts.find_session, secret, now) is None


async def test_logging_out_twice_leads_to_the_login_page(browser: httpx2.AsyncClient):
    assert (await browser.post("/logout")).headers["location"] == "/login"


@pytest.mark.parametrize(
    ("headers", "token"),
    [({"Origin": "https://evil.example"}, "good"), ({"Origin": "null"}, "good"), ({}, "bad"), ({}, "é")],
)
async def test_another_site_cannot_log_anybody_out(browser: httpx2.AsyncClient, headers: dict[str, str], token: str):
    await log_in(browser)
    good = token_in((await browser.get("/")).text)
    answer = await browser.post("/logout", data={"form_token": good if token == "good" else token}, headers=headers)
    assert answer.status_code == 403
    assert await is_logged_in(browser)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://door.test.evil.example", "http://[", "door.test", ""]
)
async def test_another_site_cannot_log_anybody_in(browser: httpx2.AsyncClient, origin: str):
    assert (await log_in(browser, headers={"Origin": origin})).status_code == 403


@pytest.mark.parametrize("origin", ["http://door.test", "http://DOOR.test"])
async def test_our_own_origin_may_log_in(browser: httpx2.AsyncClient, origin: str):
    assert (await log_in(browser, headers={"Origin": origin})).status_code == 303


async def test_the_host_that_the_browser_asked_is_our_own_origin_too(services: http.Services, ada: accounts.User):
    async with client_of(replace(services, public_url="http://127.0.0.1:8025"), {}) as browser:
        assert (await log_in(browser, headers={"Origin": "http://door.test"})).status_code == 303


async def test_a_login_without_the_token_of_its_form_is_refused(browser: httpx2.AsyncClient):
    answer = await browser.post("/login", data={"email": "ada@example.com", "password": PASSWORD})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "body", [b"a=" + b"b" * 20_000, b"&a=b" * 100, b"email=" + b"a" * 400, b"password=" + b"a" * 1100]
)
async def test_a_form_of_no_reasonable_size_is_refused(browser: httpx2.AsyncClient, body: bytes):
    token = token_in((await browser.get("/login")).text)
    answer = await browser.post("/login", content=body + b"&form_token=" + token.encode())
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1", "/a\r\nb", ""]
)
async def test_a_login_leads_to_our_own_pages_only(browser: httpx2.AsyncClient, wanted: str):
    assert (await log_in(browser, wanted=wanted)).headers["location"] == "/"


async def test_guessing_is_slowed_down(browser: httpx2.AsyncClient, clock: MovableClock):
    page = await browser.get("/login")
    form = {"email": "ada@example.com", "password": "wrong", "form_token": ""}
    for _ in range(10):
        form["form_token"] = token_in(page.text)
        page = await browser.post("/login", data=form)
    form |= {"form_token": token_in(page.text), "password": PASSWORD}
    refused = await browser.post("/login", data=form)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "901")


async def test_after_the_wait_the_right_password_works_again(browser: httpx2.AsyncClient, clock: MovableClock):
    for _ in range(11):
        await log_in(browser, password="wrong")
    clock.advance(timedelta(minutes=15))
    assert (await log_in(browser)).status_code == 303


async def test_a_session_that_is_used_stays_open(browser: httpx2.AsyncClient, clock: MovableClock):
    await log_in(browser)
    for _ in range(3):
        clock.advance(timedelta(hours=11))
        assert await is_logged_in(browser)


async def test_an_idle_session_ends(browser: httpx2.AsyncClient, clock: MovableClock):
    await log_in(browser)
    clock.advance(timedelta(hours=12))
    assert not await is_logged_in(browser)


@pytest.mark.parametrize("cookie", ["guessed", "a" * 300, "caf%C3%A9"])
async def test_a_made_up_cookie_is_nobody(browser: httpx2.AsyncClient, cookie: str):
    browser.cookies.set("sendwright", cookie, domain="door.test")
    assert not await is_logged_in(browser)


async def test_a_page_that_wants_a_login_leads_there_and_back(services: http.Services, ada: accounts.User):
    async def secret_page(request: Request) -> Response:
        return web.login_redirect(request)

    async with client_of(replace(services, pages=[Route("/secret", secret_page)]), {}) as browser:
        answer = await browser.get("/secret?a=1&b=//x")
    assert answer.headers["location"] == "/login?next=/secret%3Fa%3D1%26b%3D//x"


def test_a_visitor_does_not_show_the_secret_of_the_session(now: datetime):
    session = accounts.Session(
        account_id=accounts.AccountId(1), user_id=accounts.model.UserId(1), created_at=now, used_at=now
    )
    user = accounts.User(
        account_id=session.account_id, id=session.user_id, email="a", password_hash="h", created_at=now
    )
    assert "hunter2" not in repr(web.Visitor(session=session, user=user, secret="hunter2"))
