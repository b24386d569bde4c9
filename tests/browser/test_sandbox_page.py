"""The sandbox pages as a person meets them: without scripts, on a phone, in the dark, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from sendwright import accounts, ledger
from tests.browser.server import Server
from tests.doors import sent

_HTML = '<body bgcolor="#eeeeff"><h1>Thank you</h1><p>%s</p><a href="https://shop.example.com/">Shop</a></body>'
_WIDE = "document.documentElement.scrollWidth"
_CONTRASTS = """() => {
    const light = (rgb) => rgb.map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
    const read = (text) => text.match(/[\\d.]+/g).map(Number);
    const behind = (element) => {
        for (let each = element; each; each = each.parentElement) {
            const colour = read(getComputedStyle(each).backgroundColor);
            if (colour.length < 4 || colour[3] > 0) return colour.slice(0, 3);
        }
        return [255, 255, 255];
    };
    const found = [];
    for (const element of document.querySelectorAll("main *")) {
        const said = [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent.trim()).join("");
        if (!said || !element.checkVisibility()) continue;
        const a = light(read(getComputedStyle(element).color).slice(0, 3)), b = light(behind(element));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) found.push(`${said.slice(0, 40)}: ${ratio.toFixed(1)}`);
    }
    return found;
}"""


@pytest.fixture(scope="module")
def send_id(server: Server) -> str:
    outcomes = [ledger.Outcome.DELIVERED, ledger.Outcome.DELIVERED]
    send_id = server.write(sent.attempted, server.account_id, server.now, outcomes)
    for number in range(2):
        raw = sent.letter(_HTML % "x" * (number + 1))
        server.write(sent.received, server.account_id, send_id, server.now, raw, f"person{number}@example.org")
    return send_id


@pytest.fixture(scope="module")
def troubled(server: Server) -> str:
    """A send that was put off."""
    return server.write(sent.attempted, server.account_id, server.now, [ledger.Outcome.DEFERRED])


@pytest.fixture(scope="module")
def session(server: Server) -> str:
    made = (server.account_id, "ada@example.com", "no password", server.now, "operator")
    user = server.write(accounts.create_user, *made)
    _, secret = server.write(accounts.open_session, user, server.now)
    return secret


def _context(browser: Browser, server: Server, session: str, **facts: object) -> BrowserContext:
    context = browser.new_context(**facts)  # type: ignore[arg-type]
    context.add_cookies([{"name": "sendwright", "value": session, "url": server.url}])
    return context


@pytest.fixture(scope="module")
def plain(browser: Browser, server: Server, session: str) -> Iterator[Page]:
    """A narrow browser without scripts."""
    context = _context(browser, server, session, java_script_enabled=False, viewport={"width": 320, "height": 640})
    yield context.new_page()
    context.close()


def _pages(server: Server, *send_ids: str) -> list[str]:
    tabs = ("html", "text", "headers", "links", "raw", "events")
    return [f"{server.url}/sandbox", *(f"{server.url}/sandbox/s/{each}?tab={tab}" for each in send_ids for tab in tabs)]


def test_the_mail_is_seen_in_its_frame(browser: Browser, server: Server, send_id: str):
    page = browser.new_page()
    page.goto(server.page(server.account_id, send_id))
    assert page.frames[1].locator("h1").inner_text() == "Thank you"
    assert page.frames[1].locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor") == (
        "rgb(238, 238, 255)"
    )
    page.close()


def test_tabs_and_copies_work_without_scripts(plain: Page, server: Server, send_id: str):
    plain.goto(f"{server.url}/sandbox")
    plain.locator(".mails a").first.click()
    for tab, said in (("Text", "Thank you, Ann."), ("Headers", "Message-ID"), ("Raw", "boundary=b")):
        plain.get_by_role("navigation", name="Parts of the mail").get_by_role("link", name=tab).click()
        assert said in plain.locator(".tab").inner_text()
    plain.get_by_role("navigation", name="Copies").get_by_role("link", name="person0@example.org").click()
    assert "tab=raw" in plain.url
    assert "person0@example.org" in plain.locator(".copies [aria-current]").inner_text()


def test_no_page_is_wider_than_a_small_phone(plain: Page, server: Server, send_id: str, troubled: str):
    wide = {}
    for address in _pages(server, send_id, troubled):
        plain.goto(address)
        plain.locator("details").first.evaluate("(each) => each.open = true")
        wide[address] = plain.evaluate(_WIDE)
    assert {address: width for address, width in wide.items() if width > 320} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(
    browser: Browser, server: Server, session: str, send_id: str, troubled: str, scheme: str
):
    context = _context(browser, server, session, color_scheme=scheme)
    page, weak = context.new_page(), list[str]()
    for address in _pages(server, send_id, troubled):
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
        weak += page.evaluate(_CONTRASTS)
    context.close()
    assert weak == []


def test_a_login_form_that_a_browser_sends_is_taken(browser: Browser, server: Server):
    made = ("bob@example.com", accounts.hash_password("correct horse"), server.now, "operator")
    server.write(accounts.create_user, server.account_id, *made)
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/sandbox")
    page.get_by_label("E-mail").fill("bob@example.com")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_label("Password").press("Enter")
    assert page.locator("h1").inner_text() == "Sandbox"
    page.get_by_role("button", name="Log out").click()
    assert page.url == f"{server.url}/login"
    context.close()


def test_the_steps_of_a_send_open_by_keyboard(browser: Browser, server: Server, send_id: str):
    page = browser.new_page()
    page.goto(server.page(server.account_id, send_id))
    summary = page.locator(".lane summary").first
    summary.focus()
    summary.press("Enter")
    assert page.locator(".dialogue").first.is_visible()
    page.close()


def test_ids_are_copied_by_a_button(browser: Browser, server: Server, send_id: str):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(server.page(server.account_id, send_id))
    page.get_by_role("button", name="Copy the id of the send").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == send_id
    context.close()


def test_a_send_on_its_way_is_looked_at_again(browser: Browser, server: Server):
    send_id = server.write(sent.accepted, server.account_id, server.now)
    page = browser.new_page()
    page.goto(server.page(server.account_id, send_id))
    with page.expect_navigation(timeout=10_000):
        pass
    page.close()
