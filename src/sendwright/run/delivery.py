"""The delivery role: claims, composes, attempts; renews its leases; frees those of the dead.

It starts nothing while outcomes cannot be recorded (the stop rule), and one fault barrier around each delivery's turn
keeps a bug in one mail from stopping the others.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import structlog

from sendwright import attempt, database, ledger, single_send, submission
from sendwright.attempt import Desk
from sendwright.composing import Kind, Ready, Workshop, notices
from sendwright.failpoints import failpoint
from sendwright.run.clock import SystemClock
from sendwright.run.leases import Leases

log = structlog.get_logger()

KINDS = {
    single_send.APP_ID: Kind(compose=single_send.compose, compose_again=single_send.compose_again),
    submission.APP_ID: Kind(compose=submission.compose, compose_again=submission.compose_again),
    notices.APP_ID: Kind(compose=notices.compose, compose_again=notices.compose_again),
}
"""How each kind of send is composed, by the application number it was accepted with."""

RowKey = tuple[int, str]
"""Account and id of a send or a delivery."""

_RENEW = 1 / 6  # of the lease
_RECOVER = 1 / 12
_POLL = 1.0
_REST = 0.5
_BATCH = 50
_DOMAIN_SHARE = 4
"""On the route mx one domain may hold this part of the slots; the rest of its mail waits in the ledger."""
_MOST_OCTETS = 64 * 1024 * 1024
"""Messages in flight weigh no more than this together, beside the last one begun."""


class Delivery:
    """One worker. ``run`` ends after ``stop``, when what is in flight is settled or the patience is over."""

    def __init__(
        self,
        shop: Workshop,
        desk: Callable[[Callable[[bool], None]], Desk],
        *,
        slots: int,
        in_doubt_wait: timedelta,
        since_boot: Callable[[], float] = SystemClock.since_boot,
    ) -> None:
        self._shop, self._db = shop, shop.db
        self._leases = Leases(shop.lease, since_boot)
        self._desk = replace(desk(self._told_of_trouble), may_end=self._may_end)
        self._slots, self._in_doubt_wait = slots, in_doubt_wait
        self.owner = secrets.token_hex(8)
        self._turns: dict[asyncio.Task[None], RowKey] = {}
        self._composing: list[RowKey] = []
        self._preparing: list[RowKey] = []
        self._domains: Counter[str] = Counter()
        self._octets = 0
        self._more = asyncio.Event()
        self._due = asyncio.Event()
        self._stopping = asyncio.Event()
        self._trouble = False
        self._db.on("sends", self._more.set)
        self._db.on("deliveries", self._due.set)

    @property
    def in_flight(self) -> int:
        """Deliveries whose turn it is."""
        return len(self._turns)

    async def trouble(self) -> str | None:
        """For readiness: what keeps deliveries from starting."""
        return "outcomes cannot be recorded, so no delivery is started: look at the database" if self._trouble else None

    def stop(self) -> None:
        """Takes nothing new from now on."""
        self._stopping.set()
        self._more.set()
        self._due.set()

    async def run(self, drain: timedelta) -> None:
        """Works until it is told to stop."""
        seconds = self._shop.lease.total_seconds()
        async with asyncio.TaskGroup() as group:
            loops = [
                group.create_task(self._keep(self._take_sends, self._more, group)),
                group.create_task(self._keep(self._take_deliveries, self._due, group)),
            ]
            upkeep = [
                group.create_task(self._every(_RENEW * seconds, self._renew)),
                group.create_task(self._every(_RECOVER * seconds, self._recover)),
            ]
            await asyncio.gather(*loops)
            if self._turns:
                await asyncio.wait(self._turns, timeout=drain.total_seconds())
            for task in (*upkeep, *self._turns):
                task.cancel()
        await self._give_back()

    async def _keep(
        self, take: Callable[[asyncio.TaskGroup], Awaitable[bool]], wake: asyncio.Event, group: asyncio.TaskGroup
    ) -> None:
        while not self._stopping.is_set():
            wake.clear()
            if not await self._carefully(take, group):
                await _wait(wake, _POLL)

    async def _carefully(self, take: Callable[[asyncio.TaskGroup], Awaitable[bool]], group: asyncio.TaskGroup) -> bool:
        try:
            return await take(group)
        except database.Unavailable as fault:
            log.error("database_unavailable", fault=str(fault))
            await asyncio.sleep(_REST)
        return False

    async def _take_sends(self, group: asyncio.TaskGroup) -> bool:
        room = self._room
        if room <= 0:
            return False
        asked = self._leases.asked()
        claimed = await self._db.write(ledger.claim_sends, self.owner, self._shop.lease, room, self._shop.now())
        with _in_hand(self._composing, claimed):
            if claimed:
                failpoint("C1")
            for ready in await self._compose(claimed):
                failpoint("C2")
                self._leases.took([_key(ready)], asked)
                await self._begin(ready, group)
        return bool(claimed)

    async def _compose(self, claimed: Sequence[ledger.ClaimedSend]) -> list[Ready]:
        """One mail that cannot be composed for a fault of ours must not hold up its batch."""
        kinds = {send.app_id for send in claimed}
        if len(kinds) != 1:
            each = [[send for send in claimed if send.app_id == kind] for kind in sorted(kinds)]
            return [ready for sends in each for ready in await self._compose(sends)]
        try:
            return await KINDS[kinds.pop()].compose(self._shop, claimed)
        except database.Unavailable:
            raise
        except Exception:  # the fault barrier of one send: alone it stays leased, and is taken up again later
            if len(claimed) == 1:
                log.exception("could_not_compose", send=claimed[0].id)
                return []
        return [ready for send in claimed for ready in await self._compose([send])]

    async def _take_deliveries(self, group: asyncio.TaskGroup) -> bool:
        room = self._room
        if room <= 0:
            return False
        busy = [domain for domain, count in self._domains.items() if count >= self._share]
        lease, now, asked = self._shop.lease, self._shop.now(), self._leases.asked()
        held = await self._db.write(ledger.claim_deliveries, self.owner, lease, room, busy, now)
        with _in_hand(self._preparing, held):
            self._leases.took(self._preparing, asked)
            if held:
                failpoint("T1")
            for delivery in held:
                for ready in await self._compose_again(delivery):
                    await self._begin(ready, group)
        return bool(held)

    async def _compose_again(self, delivery: ledger.Delivery) -> list[Ready]:
        try:
            return await KINDS[delivery.app_id].compose_again(self._shop, [delivery])
        except database.Unavailable:
            raise
        except Exception:  # the fault barrier of one delivery's later try
            log.exception("could_not_compose_again", delivery=delivery.id)
            return []

    @property
    def _room(self) -> int:
        """How many more may be claimed now."""
        if self._trouble or not self._db.has_room or self._octets >= _MOST_OCTETS:
            return 0
        return min(self._slots - len(self._turns), _BATCH)

    @property
    def _share(self) -> int:
        return max(self._slots // _DOMAIN_SHARE, 1) if self._desk.post.by_site else self._slots

    async def _begin(self, ready: Ready, group: asyncio.TaskGroup) -> None:
        delivery, parcel = ready
        domain = delivery.domain
        if self._domains[domain] >= self._share and self._desk.post.free_slots(domain) <= 0:
            await attempt.release(self._desk, delivery)
            return
        self._domains[domain] += 1
        self._octets += len(parcel.message)
        task = group.create_task(self._turn(ready))
        self._turns[task] = _key(ready)
        task.add_done_callback(self._turns.pop)

    async def _turn(self, ready: Ready) -> None:
        delivery, parcel = ready
        try:
            await attempt.attempt(self._desk, delivery, parcel)
        except Exception:  # the fault barrier of one delivery's turn
            log.exception("turn_failed", delivery=delivery.id)
        finally:
            domain = delivery.domain
            self._octets -= len(parcel.message)
            self._leases.let_go(_key(ready))
            self._domains[domain] -= 1
            if not self._domains[domain]:
                del self._domains[domain]
            self._more.set()

    def _may_end(self, delivery: ledger.Delivery) -> bool:
        return self._leases.suffices((delivery.account_id, delivery.id))

    def _told_of_trouble(self, trouble: bool) -> None:
        if self._trouble and not trouble:
            self._more.set()
            self._due.set()
        self._trouble = trouble

    async def _every(self, seconds: float, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await step()
            except database.Unavailable as fault:
                log.error("database_unavailable", fault=str(fault))

    async def _renew(self) -> None:
        asked, attempting = self._leases.asked(), [*self._preparing, *self._turns.values()]
        await self._db.write(ledger.renew, self.owner, self._shop.lease, list(self._composing), attempting)
        self._leases.renewed(attempting, asked)
        self._told_of_trouble(False)

    async def _recover(self) -> None:
        await self._db.write(ledger.recover_expired, self._shop.now(), self._in_doubt_wait)

    async def _give_back(self) -> None:
        """What was claimed and not begun is free for others at once."""
        try:
            await self._db.write(ledger.recover_owned, self.owner, self._shop.now(), self._in_doubt_wait)
        except database.Unavailable as fault:
            log.error("leases_not_given_back", fault=str(fault))


def _key(ready: Ready) -> RowKey:
    delivery, _ = ready
    return (delivery.account_id, delivery.id)


@contextmanager
def _in_hand(hand: list[RowKey], held: Sequence[ledger.ClaimedSend | ledger.Delivery]) -> Iterator[None]:
    """The leases of what is in hand are renewed."""
    hand[:] = [(each.account_id, each.id) for each in held]
    try:
        yield
    finally:
        hand.clear()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
