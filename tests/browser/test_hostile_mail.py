"""What a browser does with hostile mails on the sandbox page: it runs nothing and talks to nobody (attacks C5, C6).

A send has a mail for each vector. Its real page is opened, and the page's own frame is copied for each of the mails:
the same sandbox, the same policies, all at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Frame, Page

from sendwright import database
from tests.browser.server import Server, Trap
from tests.browser.vectors import CLICKS, LOADS, SCRIPTS
from tests.doors import sent

_ALLOWED = ("/sandbox/s/", "/static/")
_COPY = """(mails) => {
    const frame = document.querySelector("iframe"), first = new URL(frame.src).searchParams.get("mail");
    return Promise.all(mails.map((mail) => new Promise((done) => {
        const copy = frame.cloneNode();
        copy.src = frame.src.replace(first, mail);
        copy.onload = done;
        frame.after(copy);
    })));
}"""


@dataclass
class Shown:
    """A page that shows a mail for each vector, and all that happened since it was opened."""

    page: Page
    mails: Mapping[str, str]
    ran: list[str]
    trap: Trap
    server: Server

    def frame(self, name: str) -> Frame:
        return next(frame for frame in self.page.frames if f"mail={self.mails[name]}" in frame.url)

    def happened(self) -> tuple[list[str], list[bytes], list[str]]:
        """Scripts that ran, what the trap caught, what else the door was asked for."""
        self.page.wait_for_timeout(500)
        asked = [path for path in self.server.requests if not path.startswith(_ALLOWED)]
        return self.ran, self.trap.caught, asked


def show(browser: Browser, server: Server, trap: Trap, vectors: Mapping[str, str]) -> Shown:
    send_id, mails = server.write(_fill, server.account_id, server, vectors)
    page, ran = browser.new_page(), list[str]()

    def hear(message: ConsoleMessage) -> None:
        if message.text == "RAN":
            mail = message.location["url"].partition("mail=")[2][:36]
            ran.append(next((name for name, id_ in mails.items() if id_ == mail), message.location["url"]))

    page.on("console", hear)
    trap.forget()
    server.requests.clear()
    page.goto(server.page(server.account_id, send_id))
    page.evaluate(_COPY, list(mails.values()))
    return Shown(page, mails, ran, trap, server)


def _fill(
    conn: database.Connection, account_id: int, server: Server, vectors: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """A send that was delivered, with a mail for each vector; each leads to a part of the trap with its name."""
    send_id = sent.attempted(conn, account_id, server.now)
    mails = {}
    for name, html in vectors.items():
        own = html.replace("{server}", server.url).replace("trap.example", f"{name}.trap.example")
        mails[name] = sent.received(conn, account_id, send_id, server.now, sent.letter(own))
    return send_id, mails


@pytest.fixture
def clicked(browser: Browser, server: Server, trap: Trap) -> Iterator[Shown]:
    shown = show(browser, server, trap, CLICKS)
    yield shown
    shown.page.close()


def test_there_are_enough_vectors():
    assert len(SCRIPTS) + len(LOADS) >= 100


def test_the_trap_catches_what_runs_outside_of_the_frame(browser: Browser, trap: Trap):
    page, heard = browser.new_page(), list[str]()
    page.on("console", lambda message: heard.append(message.text))
    trap.forget()
    page.set_content(SCRIPTS["script"] + LOADS["css-url"])
    page.wait_for_timeout(600)
    assert "RAN" in heard
    assert len(trap.caught) >= 2
    page.close()


@pytest.mark.parametrize("vectors", [SCRIPTS, LOADS], ids=["scripts", "loads"])
def test_no_mail_runs_a_script_or_tells_anybody(
    browser: Browser, server: Server, trap: Trap, vectors: Mapping[str, str]
):
    shown = show(browser, server, trap, vectors)
    assert all(shown.frame(name) for name in vectors)  # none led its frame away
    assert shown.happened() == ([], [], [])
    shown.page.close()


def test_a_click_in_a_mail_leads_nowhere(clicked: Shown):
    address, pages = clicked.page.url, len(clicked.page.context.pages)
    for name in CLICKS:
        clicked.frame(name).locator("#go").click(force=True)
    ran, caught, asked = clicked.happened()
    # before it asks the policy, Chromium connects to where a link would lead its own frame; it says nothing there
    assert (ran, [said for said in caught if said], asked) == ([], [], [])
    assert (clicked.page.url, len(clicked.page.context.pages)) == (address, pages)


def test_a_mail_opened_by_itself_runs_nothing_either(browser: Browser, server: Server, trap: Trap):
    everything = "".join(SCRIPTS.values()) + "".join(LOADS.values())
    shown = show(browser, server, trap, {"everything": everything})
    shown.page.goto(shown.frame("everything").url)
    assert shown.happened() == ([], [], [])
    shown.page.close()
