"""A real browser in front of a real door. Without Chromium these tests are left out, and say how to get it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, sync_playwright

from sendwright import database
from tests.browser.server import Server, Trap

_ARGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    return found


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.close()


@pytest.fixture(scope="module")
def browser(chromium: str, trap: Trap) -> Iterator[Browser]:
    """Every name but the door's own address leads to the trap."""
    everybody = f"--host-resolver-rules=MAP * 127.0.0.1:{trap.port}, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*_ARGS, everybody])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    target = database.Target.parse(None, tmp_path_factory.mktemp("browser"))
    database.migrate(target)
    server = Server(target, datetime(2026, 3, 2, 14, 2, 7, tzinfo=UTC))
    yield server
    server.close()
