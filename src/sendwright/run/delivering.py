"""The delivery role, put together: the sandbox's receiver if that is the route, the post, the worker."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from sendwright import attempt, database, engage, ledger, outbound
from sendwright.composing import Keyring, Tools, Ways, Workshop
from sendwright.doors.sandbox_smtp import SandboxSmtp
from sendwright.run.delivery import Delivery
from sendwright.run.house import House
from sendwright.run.settings import BadSettings, Settings

_WRITE_COUNTS = timedelta(minutes=1)


@asynccontextmanager
async def delivering(house: House, group: asyncio.TaskGroup) -> AsyncIterator[None]:
    """The delivery role: the sandbox's receiver if that is the route, the post, the worker."""
    async with AsyncExitStack() as stack:
        route = outbound.parse_route(house.settings.route.get_secret_value())
        if isinstance(route, outbound.Sandbox):
            route = await _open_sandbox(house, stack)
        resolver = _resolver(house)
        policies = outbound.TlsPolicies(resolver, now=house.clock.now, db=house.db)
        await stack.enter_async_context(_writing_counts(policies, group))
        post = await stack.enter_async_context(_post(house, route, resolver, policies))
        shop = Workshop(
            db=house.db, keyring=Keyring(house.db, house.seal), now=house.clock.now, lease=house.settings.lease,
            tools=Tools(
                public_url=house.public_url, tracking_keys=house.tracking_keys, return_path_key=house.return_path_key,
                bounce_host=house.bounce_host,
            ),
            hostname=house.hostname,
            ways=Ways(house.db, house.seal, machine=house.machine, sandbox=isinstance(route, outbound.Sandbox)),
        )  # fmt: skip

        journal = _journal(house, stack)

        def desk(trouble: Callable[[bool], None]) -> attempt.Desk:
            return attempt.Desk(
                db=house.db, post=post, now=house.clock.now, chance=random.random, trouble=trouble,
                hostname=house.hostname,
                doubt_wait=house.settings.in_doubt_wait, give_up_after=house.settings.give_up_after,
                duplicate_policy=ledger.DuplicatePolicy(house.settings.duplicate_policy),
                lifetimes=house.lifetimes, journal=journal,
            )  # fmt: skip

        await _replay(house, desk(_nobody_listens))
        worker = house.worker = Delivery(
            shop, desk, slots=house.settings.delivery_slots, in_doubt_wait=house.settings.in_doubt_wait
        )
        working = group.create_task(worker.run(house.settings.drain))
        yield
        worker.stop()
        await working


def _journal(house: House, stack: AsyncExitStack) -> database.Journal | None:
    """None on SQLite: a journal on the same disk would be full or broken when the database is."""
    if house.db.target.file is not None:
        return None
    journal = database.Journal(_journal_folder(house))
    stack.callback(journal.close)
    return journal


async def _replay(house: House, desk: attempt.Desk) -> None:
    """What processes that are gone could not record: nobody but them knows it."""
    if desk.journal is None:
        return
    with database.left_behind(_journal_folder(house)) as found:
        for left in found:
            await attempt.replay(desk, left)


def _journal_folder(house: House) -> Path:
    return house.settings.journal or house.settings.data


def _nobody_listens(trouble: bool) -> None:
    """At the start there is no worker that could be stopped."""


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


@asynccontextmanager
async def _writing_counts(policies: outbound.TlsPolicies, group: asyncio.TaskGroup) -> AsyncIterator[None]:
    """What is counted of TLS is written each minute, and at the end."""
    stopping = asyncio.Event()

    async def work() -> None:
        while not stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _WRITE_COUNTS.total_seconds())
            await policies.write_down()

    working = group.create_task(work())
    yield
    stopping.set()
    await working


def _resolver(house: House) -> outbound.Resolver:
    settings = house.settings
    return outbound.Resolver(
        monotonic=house.clock.monotonic, nameserver=settings.resolver, own_names=(house.hostname,),
        allow_private=settings.allow_private_mx, own_addresses=_own_addresses(settings),
        validates=settings.resolver_validates,
    )  # fmt: skip


def _post(
    house: House, route: outbound.Route, resolver: outbound.Resolver, policies: outbound.TlsPolicies
) -> outbound.Post:
    return outbound.Post(
        route,
        outbound.PostSettings(
            ehlo_name=_ehlo_name(house.hostname), mx_port=house.settings.mx_port,
            providers=_providers(house.settings.providers),
        ),
        now=house.clock.now, monotonic=house.clock.monotonic, chance=random.random, resolver=resolver,
        policies=policies,
    )  # fmt: skip


def _providers(file: Path | None) -> outbound.Providers:
    """The shipped table under the operator's own. A file that cannot be used ends the start."""
    if file is None:
        return outbound.shipped()
    try:
        return outbound.shipped().under(outbound.read_providers(file.read_text("utf-8")))
    except (OSError, UnicodeError, outbound.BadProviders) as fault:
        raise BadSettings(f"cannot use the provider table {file}: {fault}") from fault


def _own_addresses(settings: Settings) -> list[str]:
    """Where our own doors are in the world: no MX of a stranger may lead there (a mail loop, attack A14)."""
    doors = [listen.host for listen in (*settings.submission, *settings.submissions, *settings.inbound)]
    return [host for host in doors if _is_global(host)]


def _is_global(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        return False


def _ehlo_name(name: str) -> str:
    """RFC 5321 4.1.3: an address is said as a literal."""
    if all(part.isdigit() for part in name.split(".")):
        return f"[{name}]"
    return f"[IPv6:{name.strip('[]')}]" if ":" in name else name
