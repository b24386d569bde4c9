"""What a worker composes with, and what it gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sendwright import database, domains, ledger, outbound, tracking
from sendwright.composing.keyring import Keyring
from sendwright.composing.ways import Ways

_AT_A_STRETCH = 4  # messages, a few milliseconds; fewer, and a busy door starves the mail it has accepted
T = TypeVar("T")

Ready = tuple[ledger.Delivery, outbound.Parcel]
"""A leased delivery and what to hand over for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What making a message takes beside the plan. ``public_url`` has no slash at its end."""

    public_url: str
    tracking_keys: Sequence[tracking.TrackingKey] = field(repr=False)

    def tracking_base(self, domain: domains.Domain) -> str:
        """Where the links of this domain's mail lead."""
        if domain.tracking_host is None:
            return self.public_url
        return f"{self.public_url.partition('://')[0]}://{domain.tracking_host}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """``lease``: for how long new deliveries are held. ``hostname``: who made the message, in trace lines."""

    db: database.Database
    keyring: Keyring
    tools: Tools
    now: Callable[[], datetime]
    lease: timedelta
    hostname: str = "localhost"
    ways: Ways | None = None
    """The accounts' own ways out; None: everything leaves by the installation's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How one kind of send is composed, and composed again for a later try."""

    compose: Callable[[Workshop, Sequence[ledger.ClaimedSend]], Awaitable[list[Ready]]]
    compose_again: Callable[[Workshop, Sequence[ledger.Delivery]], Awaitable[list[Ready]]]


async def in_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """The same items; between some of them the doors may answer."""
    for number, item in enumerate(items):
        if number % _AT_A_STRETCH == 0:
            await asyncio.sleep(0)
        yield item
