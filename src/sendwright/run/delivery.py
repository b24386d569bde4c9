"""The delivery role: claims, composes, attempts; renews its leases; frees those of the dead.

It starts nothing while outcomes cannot be recorded (the stop rule), and one fault barrier around each delivery's turn
keeps a bug in one mail from stopping the others.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from sendwright import accounts, attempt, composing, database, ledger, outbound, single_send, submission
from sendwright.attempt import Desk
from sendwright.composing import Kind, Ready, Workshop, notices
from sendwright.failpoints import failpoint
from sendwright.run.clock import SystemClock
from sendwright.run.gate import Gate
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
_LOOK_ROUND = 5.0
_LET_GO = 500
_REST = 0.5
_AFTER_A_FAULT = timedelta(minutes=15)
_FAULT = "Sendwright met a fault of its own with this mail, which its log tells of. It is tried again by itself."
_BATCH = 50
_TOGETHER = 10
"""So many later tries are composed at once: the first of them begin while others are composed."""
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
        self.gate = Gate(self._desk.post)
        self._after, self._aside = "", False
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
                group.create_task(self._every(_LOOK_ROUND, self._look_round)),
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
                await self._db.write(ledger.note_fault, claimed[0], _FAULT)
                return []
        return [ready for send in claimed for ready in await self._compose([send])]

    async def _take_deliveries(self, group: asyncio.TaskGroup) -> bool:
        room = self._room
        if room <= 0:
            return False
        lease, now, asked = self._shop.lease, self._shop.now(), self._leases.asked()
        if self._shop.ways is not None:
            self.gate.foreign = await self._shop.ways.elsewhere(now)
        turn = await self._db.write(
            ledger.claim_turn, self.owner, lease, room, now, self.gate.barred(now), self._after
        )  # fmt: skip
        self._after, self._aside, self.gate.pauses = turn.after, turn.aside, turn.pauses
        with _in_hand(self._preparing, turn.taken):
            self._leases.took(self._preparing, asked)
            if turn.taken:
                failpoint("T1")
            for start in range(0, len(turn.taken), _TOGETHER):
                for ready in await self._compose_again(turn.taken[start : start + _TOGETHER]):
                    await self._begin(ready, group)
        return turn.more

    async def _compose_again(self, taken: Sequence[ledger.Delivery]) -> list[Ready]:
        """Several at once: what they share is looked up once."""
        leaving = [found for delivery in taken if (found := await self._leave_again(delivery)) is not None]
        ways = {(held.account_id, held.id): way for held, way in leaving}
        kinds = sorted({held.app_id for held, _ in leaving})
        again = [ready for kind in kinds for ready in await self._again([h for h, _ in leaving if h.app_id == kind])]
        return [(held, replace(parcel, way=ways[held.account_id, held.id])) for held, parcel in again]

    async def _leave_again(self, delivery: ledger.Delivery) -> tuple[ledger.Delivery, outbound.Way] | None:
        try:
            return await composing.leave_again(self._shop, delivery)
        except database.Unavailable:
            raise
        except Exception:  # the fault barrier of one delivery's later try
            log.exception("could_not_leave_again", delivery=delivery.id)
            await self._put_off(delivery)
            return None

    async def _again(self, held: Sequence[ledger.Delivery]) -> list[Ready]:
        """Of one kind. One that cannot be composed must not hold up the others."""
        try:
            return await KINDS[held[0].app_id].compose_again(self._shop, held)
        except database.Unavailable:
            raise
        except Exception:  # the fault barrier of one delivery's later try
            if len(held) == 1:
                log.exception("could_not_compose_again", delivery=held[0].id)
                await self._put_off(held[0])
                return []
        return [ready for delivery in held for ready in await self._again([delivery])]

    async def _put_off(self, delivery: ledger.Delivery) -> None:
        """What a fault of ours broke is not tried with every lease; past its intent it is in doubt when that ends."""
        try:
            await attempt.put_off(self._desk, delivery, self._shop.now() + _AFTER_A_FAULT, _FAULT)
        except database.Unavailable as fault:
            log.error("database_unavailable", fault=str(fault))

    @property
    def _room(self) -> int:
        """How many more may be claimed now."""
        if self._trouble or not self._db.has_room or self._octets >= _MOST_OCTETS:
            return 0
        return min(self._slots - len(self._turns), _BATCH)

    async def _begin(self, ready: Ready, group: asyncio.TaskGroup) -> None:
        delivery, parcel = ready
        refused = self.gate.refusal(delivery, parcel.way, self._shop.now())
        if refused is not None and refused.due < self._expiry(delivery):  # who cannot wait learns so from its attempt
            self._aside = True
            self._leases.let_go(_key(ready))
            await attempt.put_off(self._desk, delivery, refused.due, refused.why)
            return
        self.gate.begin(delivery)
        self._octets += len(parcel.message)
        task = group.create_task(self._turn(ready))
        self._turns[task] = _key(ready)
        task.add_done_callback(self._turns.pop)
        await asyncio.sleep(0)  # the post hears of it before it is asked for room for the next one

    def _expiry(self, delivery: ledger.Delivery) -> datetime:
        return delivery.accepted_at + (delivery.terms.give_up_after or self._desk.give_up_after)

    async def _turn(self, ready: Ready) -> None:
        delivery, parcel = ready
        try:
            await attempt.attempt(self._desk, delivery, parcel)
        except Exception:  # the fault barrier of one delivery's turn
            log.exception("turn_failed", delivery=delivery.id)
            await self._put_off(delivery)
        finally:
            self._octets -= len(parcel.message)
            self._leases.let_go(_key(ready))
            self.gate.end(delivery)
            self._more.set()
            if self._aside:
                self._due.set()

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
        await self._db.write(self._free_expired)

    def _free_expired(self, conn: database.Connection) -> int:
        """Asks for the time in the transaction: had it been asked before, and the process frozen or the clock moved
        meanwhile, what is in doubt would not rest but go out again at once."""
        return ledger.recover_expired(conn, self._shop.now(), self._in_doubt_wait, self._desk.duplicate_policy)

    async def _look_round(self) -> None:
        """Which accounts are suspended by now; what was held because they were; and how we are, for others to see."""
        everybody = await self._db.read(accounts.list_accounts)
        suspended = [each.id for each in everybody if each.state is accounts.AccountState.SUSPENDED]
        self.gate.suspended = frozenset(suspended)
        if await self._db.read(ledger.holds_resumed, suspended):
            await self._db.write(ledger.let_go_resumed, suspended, _LET_GO)
        load = ledger.WorkerLoad(
            worker=self.owner, seen=self._shop.now(), in_flight=self.in_flight, sites=tuple(self.gate.loads())
        )  # fmt: skip
        await self._db.write(ledger.note_worker, load)

    async def _give_back(self) -> None:
        """What was claimed and not begun is free for others at once."""
        try:
            usual = self._desk.duplicate_policy
            await self._db.write(ledger.recover_owned, self.owner, self._shop.now(), self._in_doubt_wait, usual)
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
