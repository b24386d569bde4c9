"""What a browser does with hostile mails on the sandbox page: it runs nothing and talks to nobody (attacks C5, C6)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.browser.server import Server, Trap
from tests.browser.vectors import CLICKS, LOADS, SCRIPTS
from tests.doors import sent

_ALLOWED = ("/sandbox/s/", "/static/")


@dataclass
class Watched:
    """A page, and the names of the mails whose scripts ran."""

    page: Page
    ran: list[str]


@pytest.fixture(scope="module")
def watched(browser: Browser) -> Watched:
    page, ran = browser.new_page(), list[str]()

    def hear(message: ConsoleMessage) -> None:
        if message.text == "RAN":
            ran.append(page.url)

    page.on("console", hear)
    return Watched(page, ran)


def mail_with(server: Server, html: str) -> str:
    """The printed link of a send whose mail says this."""
    raw = sent.letter(html.replace("{server}", server.url))
    send_id = server.write(sent.attempted, server.account_id, server.now)
    server.write(sent.received, server.account_id, send_id, server.now, raw)
    return server.page(server.account_id, send_id)


def visit(watched: Watched, server: Server, trap: Trap, html: str) -> tuple[list[str], list[bytes], list[str]]:
    """Opens the page of a mail: the scripts that ran, what the trap caught, what else the door was asked for."""
    link = mail_with(server, html)
    watched.ran.clear()
    trap.forget()
    server.requests.clear()
    watched.page.goto(link)
    watched.page.wait_for_timeout(60)
    return watched.ran, trap.caught, [path for path in server.requests if not path.startswith(_ALLOWED)]


def test_there_are_enough_vectors():
    assert len(SCRIPTS) + len(LOADS) >= 100


def test_the_trap_catches_what_runs_outside_of_the_frame(watched: Watched, trap: Trap):
    trap.forget()
    watched.ran.clear()
    watched.page.goto("about:blank")
    watched.page.set_content(SCRIPTS["script"] + LOADS["css-url"])
    watched.page.wait_for_timeout(600)
    assert watched.ran
    assert len(trap.caught) >= 2


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_runs(watched: Watched, server: Server, trap: Trap, name: str):
    assert visit(watched, server, trap, SCRIPTS[name]) == ([], [], [])


@pytest.mark.parametrize("name", LOADS)
def test_nobody_is_told(watched: Watched, server: Server, trap: Trap, name: str):
    assert visit(watched, server, trap, LOADS[name]) == ([], [], [])


@pytest.mark.parametrize("name", CLICKS)
def test_a_click_in_the_mail_leads_nowhere(watched: Watched, server: Server, trap: Trap, name: str):
    ran, caught, asked = visit(watched, server, trap, CLICKS[name])
    address, pages = watched.page.url, len(watched.page.context.pages)
    watched.page.frames[1].locator("#go").click(force=True)
    watched.page.wait_for_timeout(60)
    asked = [path for path in server.requests if not path.startswith(_ALLOWED)]
    assert (ran, caught, asked) == ([], [], [])
    assert (watched.page.url, len(watched.page.context.pages)) == (address, pages)


def test_the_frame_opened_by_itself_runs_nothing_either(watched: Watched, server: Server, trap: Trap):
    link = mail_with(server, "".join(SCRIPTS.values()) + "".join(LOADS.values()))
    watched.page.goto(link)
    address = watched.page.frames[1].url
    watched.ran.clear()
    trap.forget()
    watched.page.goto(address)
    watched.page.wait_for_timeout(300)
    assert (watched.ran, trap.caught) == ([], [])


def test_at_the_end_nothing_came_late(watched: Watched, trap: Trap):
    trap.forget()
    watched.page.wait_for_timeout(500)
    assert (watched.ran, trap.caught) == ([], [])
