"""What a worker composes with, and what it gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sendwright import database, domains, feedback, ledger, mail, outbound, tracking
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
    return_path_key: bytes = field(repr=False)
    """Signs return paths, and the names by which complaints are known."""
    bounce_host: str | None = None
    """Where the return paths of domains without a return path host of their own lead; None: to the domain itself."""

    def tracking_base(self, domain: domains.Domain) -> str:
        """Where the links of this domain's mail lead."""
        if domain.tracking_host is None:
            return self.public_url
        return f"{self.public_url.partition('://')[0]}://{domain.tracking_host}"

    def return_path(self, domain: domains.Domain, delivery: ledger.NewDelivery | ledger.Delivery) -> str:
        """The envelope sender of one delivery, the same at each try: by it alone a bounce is known to be true."""
        address = mail.parse_address(delivery.recipient)
        recipient = delivery.recipient if isinstance(address, mail.Malformed) else address.key
        local = feedback.make_return_path(self.return_path_key, domain.account_id, delivery.id, recipient)
        return f"{local}@{domain.return_path_host or self.bounce_host or domain.name}"

    def complaint_headers(self, domain: domains.Domain, send_id: ledger.SendId) -> tuple[tuple[str, str], ...]:
        """RFC 9477: a signed name of the send, and where complaints about it go, if that is within the domain."""
        named = ("CFBL-Feedback-ID", feedback.make_message_token(self.return_path_key, domain.account_id, send_id))
        if domain.return_path_host is None:
            return (named,)
        local = feedback.make_loop(self.return_path_key, domain.account_id)
        return (("CFBL-Address", f"{local}@{domain.return_path_host}; report=arf"), named)


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
