"""The HTTP role, put together: API, tracking, pages."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from functools import partial

import uvicorn
from starlette.routing import Router

from sendwright import accounts, dedicated, egresses, outbound, single_send
from sendwright.doors.http import Caller, HttpSettings, Services, build_app
from sendwright.doors.tracking import tracking_routes
from sendwright.doors.web import sandbox_page_url, sandbox_routes
from sendwright.run import metrics
from sendwright.run.domain_desk import domain_desk
from sendwright.run.house import House, address_of
from sendwright.run.settings import Settings
from sendwright.single_send import SendRequest, StatusView


@asynccontextmanager
async def answering(house: House, group: asyncio.TaskGroup, listener: socket.socket) -> AsyncIterator[None]:
    """The HTTP door."""
    config = uvicorn.Config(
        build_app(_services(house)), http="httptools", ws="none", lifespan="off", log_config=None, access_log=False,
        server_header=False, forwarded_allow_ips=house.settings.trusted_proxies, timeout_graceful_shutdown=5,
        backlog=2048,
    )  # fmt: skip
    server = _Uvicorn(config)
    serving = group.create_task(server.serve(sockets=[listener]))
    await server.open.wait()
    house.doors["http"] = f"http://{address_of(listener)}"
    yield
    server.should_exit = True
    await serving


def _services(house: House) -> Services:
    async def accept(caller: Caller, request: SendRequest) -> StatusView:
        now = house.clock.now()
        return await single_send.accept(house.db, caller.account_id, caller.token_id, request, now)

    async def find_status(account_id: accounts.AccountId, status_id: str) -> StatusView | None:
        return await single_send.find_status(house.db, account_id, status_id)

    checks = {"database": metrics.database_check(house.db)}
    if house.worker is not None:
        checks["delivery"] = house.worker.trouble
    return Services(
        db=house.db, clock=house.clock, public_url=house.public_url, accept=accept, find_status=find_status,
        settings=_http_settings(house.settings), smtp_host=house.smtp_host, lifetimes=house.lifetimes, checks=checks,
        domain_desk=domain_desk(house.settings, house.db, house.seal, house.clock.now),
        registry=house.registry, sandbox_page=_sandbox_page(house),
        office=_office(house),
        direct={"/t/": Router(tracking_routes(house.db, house.visits, house.tracking_keys, house.clock.now))},
        pages=sandbox_routes(house.db, house.tracking_keys, house.clock.now, house.public_url),
    )  # fmt: skip


def _office(house: House) -> Callable[[Caller, datetime], dedicated.Office]:
    names = egresses.Names(house.settings.resolver)

    def office(caller: Caller, now: datetime) -> dedicated.Office:
        return dedicated.Office(
            db=house.db, seal=house.seal, names=names, machine=house.machine, account_id=caller.account_id,
            who=caller.token_id, now=now,
        )  # fmt: skip

    return office


def _sandbox_page(house: House) -> Callable[[accounts.AccountId, str], str] | None:
    """Where a send's received mail is shown; nowhere, if mail goes out."""
    if not isinstance(outbound.parse_route(house.settings.route.get_secret_value()), outbound.Sandbox):
        return None
    return partial(sandbox_page_url, house.public_url, house.tracking_keys)


def _http_settings(settings: Settings) -> HttpSettings:
    return HttpSettings(
        requests_per_ten_seconds=settings.requests_per_ten_seconds, searches_per_second=settings.searches_per_second
    )


class _Uvicorn(uvicorn.Server):
    """Says when it is open, and leaves the signals to us."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.open = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.open.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
