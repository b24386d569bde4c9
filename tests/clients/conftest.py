"""One running program with a few accounts, for all tests with clients."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from sendwright import onboard
from sendwright.run.clock import SystemClock
from sendwright.run.settings import Settings
from sendwright.run.store import open_store
from tests.e2e.program import STATUSES, Boot, Program, email_for_single_send

V3_SEND = "/marketing/v3/transactional/single-email/send"
EVENTS = "/email/public/v1/events"
_PATIENCE_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """An account, its token, and an HTTP client that calls with it. ``email_id``: a published e-mail."""

    program: Program
    boot: Boot
    http: httpx.Client
    email_id: int

    @property
    def token(self) -> str:
        """The account's API token."""
        return self.boot.token

    @property
    def host(self) -> str:
        """The one line of a script that changes."""
        return self.program.url

    def operate(self, *words: str) -> None:
        """A command that the operator types beside the running server."""
        done = self.program.command(*words)
        assert done.returncode == 0, done.stderr

    def publish(self, **how: Any) -> int:
        """One more e-mail that can be sent; its id."""
        return email_for_single_send(self.http, **how)

    def publish_from(self, domain: str) -> int:
        """One more e-mail, sent from a domain of the account's own."""
        email_id = self.publish()
        sender = {"from": {"fromName": "Shop", "replyTo": f"shop@{domain}"}}
        assert self.http.patch(f"/marketing/v3/emails/{email_id}", json=sender).status_code == 200
        return email_id

    def send(self, body: dict[str, Any]) -> dict[str, Any]:
        """A single send: what was answered."""
        answer = self.http.post(V3_SEND, json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def outcome(self, body: dict[str, Any]) -> dict[str, Any]:
        """A single send: its status once it is complete."""
        return self.settled(self.send(body)["statusId"])

    def settled(self, status_id: str) -> dict[str, Any]:
        """The status of a send once it is complete."""
        return wait_until(partial(self.status, status_id), lambda status: status["status"] == "COMPLETE")

    def status(self, status_id: str) -> dict[str, Any]:
        """The status of a send now."""
        return dict(self.http.get(f"{STATUSES}/{status_id}").json())

    def events(self, **query: str | int) -> list[dict[str, Any]]:
        """E-mail events, newest first."""
        return list(self.http.get(EVENTS, params=query).json()["events"])


@dataclass(slots=True)
class Served:
    """The program, and how to open accounts in it."""

    program: Program
    _clients: list[httpx.Client] = field(default_factory=list)

    def customer(self, name: str, domain: str = "example.com", scopes: str = "all") -> Customer:
        """A new account, made as ``bootstrap`` makes it. The e-mail is there only if the token may write one."""
        welcome = asyncio.run(_found_account(self.program.data, name, domain, scopes.split(",")))
        boot = Boot(
            portal_id=welcome.account_id, token=welcome.token, domain=welcome.domain,
            email=welcome.email, password=welcome.password,
        )  # fmt: skip
        client = self.program.client(boot)
        self._clients.append(client)
        email_id = email_for_single_send(client) if scopes == "all" else 0
        return Customer(program=self.program, boot=boot, http=client, email_id=email_id)

    def close(self) -> None:
        """Ends the clients, then the program as an operator would; a fault in its log fails the tests."""
        for client in self._clients:
            client.close()
        code = self.program.stop()
        faults = [line for line in self.program.log if line.get("event") == "http.fault"]
        assert (code, faults) == (0, [])
        assert "Traceback" not in self.program.stderr


def wait_until(look: Callable[[], Any], fits: Callable[[Any], bool]) -> Any:
    """What ``look`` sees as soon as it fits. Another program works meanwhile: there is no clock of ours to move."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while not fits(found := look()):
        assert time.monotonic() < end, f"still {found!r}"
        time.sleep(_LOOK_AGAIN_SECONDS)
    return found


async def _found_account(data: Path, name: str, domain: str, scopes: list[str]) -> onboard.Welcome:
    """Beside the running server, but without a process of its own: each start costs seconds, and there are many."""
    async with open_store(Settings(data=data), exclusive=False) as (db, seal):
        now = SystemClock().now()
        return await db.write(onboard.found_account, seal, onboard.prepare(), name, domain, scopes, now)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The program on SQLite with the sandbox route, and no limit on requests."""
    place = tmp_path_factory.mktemp("served") / "data"
    with Program(data=place, settings={"requests_per_ten_seconds": "0"}) as program:
        served = Served(program)
        yield served
        served.close()


@pytest.fixture(scope="session")
def acme(served: Served) -> Customer:
    """The account that most scripts use."""
    return served.customer("Acme")


@pytest.fixture(scope="session")
def poor(served: Served) -> Customer:
    """A token that may do nothing of all this."""
    return served.customer("Poor", "poor.example.com", "oauth")
