"""The inbound role, put together: the door for what comes back, and the worker that understands it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from sendwright import database, feedback, mail, receive
from sendwright.doors.inbound import InboundSmtp
from sendwright.doors.smtp_shell import Share
from sendwright.run.house import House
from sendwright.run.submitting import open_all, tls_context

log = structlog.get_logger()

_LOOK_AGAIN = 60.0  # seconds; what this process takes itself is looked at at once
_AFTER_TROUBLE = 5.0


@dataclass(frozen=True, slots=True)
class _Gate:
    """The story, as the door asks it."""

    office: receive.Office

    async def admit(self, recipient: str) -> receive.Admitted | receive.Refusal:
        return await receive.admit(self.office, recipient)

    async def take(self, admitted: Sequence[receive.Admitted], arrival: receive.Arrival) -> None:
        await receive.take(self.office, admitted, arrival)


@asynccontextmanager
async def receiving(house: House, group: asyncio.TaskGroup) -> AsyncIterator[None]:
    """Opens the door where the settings say; without it, what others took is understood all the same."""
    woken = asyncio.Event()
    office = office_of(house, woken)
    working = group.create_task(_understand_for_ever(office, woken))
    async with AsyncExitStack() as stack:
        if house.settings.inbound:
            door = await stack.enter_async_context(_door(house, office))
            house.doors["inbound"] = await open_all(door.open, house.settings.inbound, "--inbound")
        yield
    working.cancel()


def _door(house: House, office: receive.Office) -> InboundSmtp:
    settings = house.settings
    return InboundSmtp(
        _Gate(office),
        hostname=house.hostname,
        context=tls_context(house),
        octets=settings.inbound_octets,
        share=Share(connections=settings.inbound_connections, connections_each=settings.inbound_connections_each),
    )


def office_of(house: House, woken: asyncio.Event) -> receive.Office:
    """What the story works with."""
    hosts = {house.hostname.lower(), (house.bounce_host or house.hostname).lower()}
    given = house.settings.feedback_domains
    return receive.Office(
        db=house.db, now=house.clock.now, key=house.return_path_key, hosts=frozenset(hosts),
        read=mail.read_report, find_key=partial(feedback.find_key, nameserver=house.settings.resolver),
        feedback_domains=given or receive.FEEDBACK_DOMAINS, lifetimes=house.lifetimes, woken=woken.set,
    )  # fmt: skip


async def _understand_for_ever(office: receive.Office, woken: asyncio.Event) -> None:
    """Goes on until it is cancelled; what it is cut off from is found again at the next start."""
    while True:
        woken.clear()
        try:
            while await receive.understand(office):
                continue
        except database.Unavailable as fault:
            log.error("database_unavailable", worker="receive", fault=str(fault))
            await asyncio.sleep(_AFTER_TROUBLE)
            continue
        try:
            async with asyncio.timeout(_LOOK_AGAIN):
                await woken.wait()
        except TimeoutError:
            continue
