"""``sendwright serve``: the parts, put together by hand, opened from the inside out and closed the other way round."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial

import structlog
import uvicorn
from prometheus_client import CollectorRegistry
from starlette.routing import Router

from sendwright import accounts, attempt, database, engage, ledger, outbound, single_send, tracking
from sendwright.doors.http import Caller, HttpSettings, Services, build_app
from sendwright.doors.sandbox_smtp import SandboxSmtp
from sendwright.doors.tracking import Visits, tracking_routes
from sendwright.doors.web import sandbox_page_url, sandbox_routes
from sendwright.run import metrics
from sendwright.run.clock import SystemClock
from sendwright.run.delivery import Delivery
from sendwright.run.settings import HostPort, Role, Settings
from sendwright.run.store import open_store
from sendwright.single_send import Keyring, SendRequest, StatusView, Tools, Workshop

log = structlog.get_logger()

_COMING = {
    Role.SUBMISSION: "SMTP submission comes with the SMTP API",
    Role.INBOUND: "the inbound SMTP door comes with bounce handling",
}


@dataclass(slots=True)
class House:
    """The parts that stand, and what each open door is called."""

    settings: Settings
    clock: SystemClock
    db: database.Database
    seal: database.Seal
    registry: CollectorRegistry
    public_url: str
    tracking_keys: tuple[tracking.TrackingKey, ...]
    visits: Visits
    doors: dict[str, str | None] = field(default_factory=dict)
    worker: Delivery | None = None


async def serve(settings: Settings) -> None:
    """Opens all doors of the roles, says so in one line of JSON, works until SIGTERM or SIGINT, and closes in order."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_, stopping.set)
    async with AsyncExitStack() as stack:
        gc.freeze()  # what was imported stays: the collector need not look at it again and again
        gc.set_threshold(50_000, 20, 20)  # a mail makes thousands of short-lived objects and no rings of them
        listener = _listen(settings.http) if Role.HTTP in settings.roles else None
        house = await _build(settings, stack, listener)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        await stack.enter_async_context(_writing_visits(house, group))
        if Role.DELIVERY in settings.roles:
            await stack.enter_async_context(_delivering(house, group))
        if listener is not None:
            await stack.enter_async_context(_answering(house, group, listener))
        _tell_what_is_not_open(house)
        print(json.dumps({"ready": True, **house.doors, "database": house.db.target.shown}), flush=True)  # noqa: T201
        await stopping.wait()
        log.info("stopping")


async def _build(settings: Settings, stack: AsyncExitStack, listener: socket.socket | None) -> House:
    db, seal = await stack.enter_async_context(open_store(settings, exclusive=True))
    clock = SystemClock()
    if db.target.file is not None:  # we are alone: what a process before us held is free
        await db.write(ledger.recover_all, clock.now(), settings.in_doubt_wait)
    return House(
        settings=settings,
        clock=clock,
        db=db,
        seal=seal,
        registry=metrics.registry(db),
        public_url=settings.public_url or f"http://{_address(listener) if listener else settings.http}",
        tracking_keys=(tracking.TrackingKey(seal.derive("tracking")),),
        visits=Visits(db),
    )


@asynccontextmanager
async def _writing_visits(house: House, group: asyncio.TaskGroup) -> AsyncIterator[None]:
    task = group.create_task(house.visits.run())
    yield
    task.cancel()
    await house.visits.flush()


@asynccontextmanager
async def _delivering(house: House, group: asyncio.TaskGroup) -> AsyncIterator[None]:
    """The delivery role: the sandbox's receiver if that is the route, the post, the worker."""
    async with AsyncExitStack() as stack:
        route = outbound.parse_route(house.settings.route.get_secret_value())
        if isinstance(route, outbound.Sandbox):
            route = await _open_sandbox(house, stack)
        post = await stack.enter_async_context(_post(house, route))
        shop = Workshop(
            db=house.db, keyring=Keyring(house.db, house.seal), now=house.clock.now, lease=house.settings.lease,
            tools=Tools(public_url=house.public_url, tracking_keys=house.tracking_keys),
        )  # fmt: skip

        def desk(trouble: Callable[[bool], None]) -> attempt.Desk:
            return attempt.Desk(
                db=house.db, post=post, now=house.clock.now, chance=random.random, trouble=trouble,
                doubt_wait=house.settings.in_doubt_wait
            )  # fmt: skip

        worker = house.worker = Delivery(
            shop, desk, slots=house.settings.delivery_slots, in_doubt_wait=house.settings.in_doubt_wait
        )
        working = group.create_task(worker.run(house.settings.drain))
        yield
        worker.stop()
        await working


async def _open_sandbox(house: House, stack: AsyncExitStack) -> outbound.Sandbox:
    async def on_complaint(account_id: int, send_id: str, recipient: str) -> None:
        await house.db.write(
            engage.complained, account_id, ledger.SendId(send_id), recipient, house.clock.now()
        )  # fmt: skip

    door = await stack.enter_async_context(
        SandboxSmtp(house.db, now=house.clock.now, on_complaint=on_complaint)
    )  # fmt: skip
    listen = house.settings.sandbox
    port = await door.open(listen.host, listen.port)
    house.doors["sandbox"] = f"{listen.host}:{port}"
    return outbound.Sandbox(host=listen.host, port=port)


def _post(house: House, route: outbound.Route) -> outbound.Post:
    settings = house.settings
    name = settings.ehlo_name or house.public_url.partition("://")[2].rpartition(":")[0] or socket.getfqdn()
    resolver = outbound.Resolver(
        monotonic=house.clock.monotonic, nameserver=settings.resolver, own_names=(name,),
        allow_private=settings.allow_private_mx,
    )  # fmt: skip
    return outbound.Post(
        route,
        outbound.PostSettings(ehlo_name=_ehlo_name(name), mx_port=settings.mx_port),
        now=house.clock.now, monotonic=house.clock.monotonic, chance=random.random, resolver=resolver,
    )  # fmt: skip


def _ehlo_name(name: str) -> str:
    """RFC 5321 4.1.3: an address is said as a literal."""
    if all(part.isdigit() for part in name.split(".")):
        return f"[{name}]"
    return f"[IPv6:{name.strip('[]')}]" if ":" in name else name


@asynccontextmanager
async def _answering(house: House, group: asyncio.TaskGroup, listener: socket.socket) -> AsyncIterator[None]:
    """The HTTP door."""
    config = uvicorn.Config(
        build_app(_services(house)), http="httptools", ws="none", lifespan="off", log_config=None, access_log=False,
        server_header=False, forwarded_allow_ips=house.settings.trusted_proxies, timeout_graceful_shutdown=5,
        backlog=2048,
    )  # fmt: skip
    server = _Uvicorn(config)
    serving = group.create_task(server.serve(sockets=[listener]))
    await server.open.wait()
    house.doors["http"] = f"http://{_address(listener)}"
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
        settings=_http_settings(house.settings), checks=checks,
        registry=house.registry, sandbox_page=_sandbox_page(house),
        direct={"/t/": Router(tracking_routes(house.db, house.visits, house.tracking_keys, house.clock.now))},
        pages=sandbox_routes(house.db, house.tracking_keys, house.clock.now, house.public_url),
    )  # fmt: skip


def _sandbox_page(house: House) -> Callable[[accounts.AccountId, str], str] | None:
    """Where a send's received mail is shown; nowhere, if mail goes out."""
    if not isinstance(outbound.parse_route(house.settings.route.get_secret_value()), outbound.Sandbox):
        return None
    return partial(sandbox_page_url, house.public_url, house.tracking_keys)


def _http_settings(settings: Settings) -> HttpSettings:
    return HttpSettings(
        requests_per_ten_seconds=settings.requests_per_ten_seconds, searches_per_second=settings.searches_per_second
    )


def _tell_what_is_not_open(house: House) -> None:
    """Doors of the contract that this release does not have yet are named, as not open."""
    wanted = {
        "submission": (Role.SUBMISSION, house.settings.submission),
        "submissions": (Role.SUBMISSION, house.settings.submissions),
        "inbound": (Role.INBOUND, house.settings.inbound),
    }
    for door, (role, listen) in wanted.items():
        house.doors[door] = None
        if listen is not None:
            log.warning("door_not_opened", door=door, reason=_COMING[role])


def _listen(where: HostPort) -> socket.socket:
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((where.host, where.port))
    except OSError as fault:
        listener.close()
        raise SystemExit(f"sendwright: cannot listen on {where}: {fault.strerror}. Give another --http.") from fault
    listener.set_inheritable(True)
    return listener


def _address(listener: socket.socket) -> HostPort:
    host, port = listener.getsockname()[:2]
    return HostPort(host=host, port=port)


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
