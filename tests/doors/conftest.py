"""An HTTP door on a real database, with stand-ins for the stories: the door's own work is what is tested here."""

from __future__ import annotations

import random
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from sendwright import accounts, connect_domain, database, dedicated, domains, egresses
from sendwright.doors import http
from sendwright.doors.http import SendRequest, StatusView


@dataclass
class MovableClock:
    """Tells the time it was set to."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


@dataclass
class Stories:
    """Stands in for the stories: keeps what was accepted, answers what the test says."""

    now: datetime
    accepted: list[tuple[http.Caller, SendRequest]] = field(default_factory=list)
    becomes: dict[str, StatusView] = field(default_factory=dict)
    statuses: dict[tuple[int, str], StatusView] = field(default_factory=dict)
    fault: Exception | None = None

    async def accept(self, caller: http.Caller, request: SendRequest) -> StatusView:
        if self.fault is not None:
            raise self.fault
        self.accepted.append((caller, request))
        view = StatusView(status_id=f"status-{len(self.accepted)}", status="PENDING", requested_at=self.now)
        self.statuses.setdefault((caller.account_id, view.status_id), view)
        return view

    async def find_status(self, account_id: int, status_id: str) -> StatusView | None:
        found = self.statuses.get((account_id, status_id))
        if status_id in self.becomes:
            self.statuses[account_id, status_id] = self.becomes.pop(status_id)
        return found


@dataclass
class Tenant:
    """An account with a token that has every scope."""

    account: accounts.Account
    token: accounts.ApiToken
    secret: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}


def _open_account(conn: database.Connection, name: str, now: datetime) -> Tenant:
    account = accounts.create_account(conn, name, now)
    token, secret = accounts.create_token(conn, account.id, "all", ["all"], now, "operator")
    return Tenant(account, token, secret)


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, made once: copying it takes a hundredth of the time."""
    target = database.Target.parse(None, tmp_path_factory.mktemp("empty"))
    database.migrate(target)
    assert target.file is not None
    return target.file


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module whose tests do not depend on the kind of database says ``DATABASES = ("sqlite",)``."""
    if "target" in metafunc.fixturenames:
        kinds = getattr(metafunc.module, "DATABASES", ("sqlite", "postgresql"))
        metafunc.parametrize("target", kinds, indirect=True)


@pytest.fixture
def target(request: pytest.FixtureRequest, tmp_path: Path, empty_sqlite: Path) -> database.Target:
    """An empty database with all tables, once of each kind."""
    if request.param == "sqlite":
        shutil.copy(empty_sqlite, tmp_path / empty_sqlite.name)
        return database.Target.parse(None, tmp_path)
    return database.Target.parse(request.getfixturevalue("postgres").new_database(), tmp_path)


@pytest.fixture
def clock(now: datetime) -> MovableClock:
    return MovableClock(now)


@pytest.fixture
def stories(now: datetime) -> Stories:
    return Stories(now)


@pytest.fixture
async def acme(db: database.Database, now: datetime) -> Tenant:
    """The account that the client calls for."""
    return await db.write(_open_account, "Acme", now)


@pytest.fixture
async def rival(db: database.Database, acme: Tenant, now: datetime) -> Tenant:
    """Another account, which must never see a row of Acme's."""
    return await db.write(_open_account, "Rival", now)


def _office(db: database.Database) -> Callable[[http.Caller, datetime], dedicated.Office]:
    """On a machine that has a name server where nobody answers."""
    seal, names = database.Seal(b"s" * 32), egresses.Names("127.0.0.1:9")
    return lambda caller, now: dedicated.Office(
        db=db, seal=seal, names=names, machine="here", account_id=caller.account_id, who=caller.token_id, now=now
    )


@pytest.fixture
def domain_desk(db: database.Database, clock: MovableClock) -> connect_domain.Desk:
    """A desk whose resolver is nobody's port: whoever wants answers gives it name servers."""
    return connect_domain.Desk(
        db=db,
        seal=database.Seal(b"s" * 32),
        name_servers=domains.NameServers(may_ask=lambda _: True, resolver="127.0.0.1:1", limit=timedelta(seconds=0.05)),
        place=domains.Installation(
            inbound_host="mail.example.net", web_host="mail.example.net", spf="a:mail.example.net"
        ),
        now=clock.now,
        chance=random.Random(4711).random,
    )


@pytest.fixture
def services(
    db: database.Database, clock: MovableClock, stories: Stories, domain_desk: connect_domain.Desk
) -> http.Services:
    return http.Services(
        db=db,
        clock=clock,
        public_url="https://send.example.com",
        accept=stories.accept,
        find_status=stories.find_status,
        office=_office(db),
        domain_desk=domain_desk,
    )


def client_of(services: http.Services, headers: dict[str, str]) -> httpx2.AsyncClient:
    """A client of a door with these services."""
    transport = httpx2.ASGITransport(app=http.build_app(services), raise_app_exceptions=True)
    return httpx2.AsyncClient(transport=transport, base_url="http://door.test", headers=headers)


@pytest.fixture
async def client(services: http.Services, acme: Tenant) -> AsyncIterator[httpx2.AsyncClient]:
    """Calls the door with Acme's token."""
    async with client_of(services, acme.headers) as found:
        yield found


@pytest.fixture
def with_settings(services: http.Services) -> Callable[[http.HttpSettings], http.Services]:
    """The services with other settings."""
    return lambda settings: replace(services, settings=settings)
