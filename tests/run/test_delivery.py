"""The worker: it takes what waits, keeps one bad mail from the others, and starts nothing that it could not record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from sendwright import attempt, database, ledger, outbound, smtp
from sendwright.outbound.model import Answered, Withheld
from sendwright.run.delivery import Delivery
from tests.stories.shop import FakePost, Shop, desk, event_types

pytestmark = pytest.mark.anyio

TAKEN = Answered(stage=smtp.Stage.FINAL, reply=smtp.Reply(code=250, enhanced="2.0.0", lines=("2.0.0 kept",)))
NOT_NOW = Answered(stage=smtp.Stage.FINAL, reply=smtp.Reply(code=451, enhanced="4.3.0", lines=("4.3.0 not now",)))


@dataclass
class Post(FakePost):
    """Takes everything, but breaks for some recipients and keeps others waiting. ``room``: free slots at each site."""

    breaks: tuple[str, ...] = ()
    holds: str | None = None
    free: int = 10
    begun: list[str] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self, parcel: outbound.Parcel, *, tries: int, before_dot: Any) -> outbound.Handover:
        self.begun.append(parcel.rcpt_to)
        if parcel.rcpt_to in self.breaks:
            raise ZeroDivisionError("a bug met by one mail")
        if self.holds is not None and parcel.site_domain == self.holds:
            await self.go.wait()
        return await super().deliver(parcel, tries=tries, before_dot=before_dot)

    def room(self, domain: str, way: outbound.Way) -> outbound.Room:
        there = self.free - sum(name.endswith(f"@{domain}") for name in self.begun)
        return outbound.Room(now=max(there, 0), wait=timedelta(seconds=5), why="all connections are busy")


@asynccontextmanager
async def working(
    shop: Shop, post: Post, *, slots: int = 20, drain: timedelta = timedelta(seconds=5), db: Any = None, **more: Any
) -> AsyncIterator[Delivery]:
    """A worker until the end of the block; then it is stopped and has given back what it held."""

    def at(trouble: Callable[[bool], None]) -> attempt.Desk:
        return replace(desk(shop, post), db=db or shop.db, trouble=trouble)

    workshop = shop.workshop if db is None else replace(shop.workshop, db=db)
    worker = Delivery(workshop, at, slots=slots, in_doubt_wait=timedelta(minutes=30), **more)
    async with asyncio.TaskGroup() as group:
        group.create_task(worker.run(drain))
        try:
            yield worker
        finally:
            worker.stop()


async def until(happened: Callable[[], Any]) -> None:
    """Lets the others run until it happened; ``happened`` may be a coroutine function."""
    async with asyncio.timeout(20):
        while True:
            answer = happened()
            if await answer if asyncio.iscoroutine(answer) else answer:
                return
            await asyncio.sleep(0.005)


async def result(shop: Shop, send_id: str) -> str | None:
    return (await shop.page(send_id)).send.result


async def test_what_is_accepted_is_delivered(shop: Shop):
    async with working(shop, Post(TAKEN, shop.clock)):
        view = await shop.ask()
        await until(lambda: _is(shop, view.status_id, "SENT"))
    assert event_types(await shop.page(view.status_id)) == ["PROCESSED", "SENT", "DELIVERED"]
    assert await shop.balanced()


async def test_what_waited_before_the_worker_came_is_delivered(shop: Shop):
    views = [await shop.ask(to=f"p{n}@example.org") for n in range(5)]
    async with working(shop, Post(TAKEN, shop.clock)):
        for view in views:
            await until(lambda view=view: _is(shop, view.status_id, "SENT"))


async def test_a_delivery_that_is_due_again_is_tried_again(shop: Shop):
    view = await shop.ask()
    async with working(shop, Post(NOT_NOW, shop.clock)):
        await until(lambda: _is(shop, view.status_id, "QUEUED"))
    shop.clock.advance(hours=2)
    async with working(shop, Post(TAKEN, shop.clock)):
        await until(lambda: _is(shop, view.status_id, "SENT"))
    assert [made.number for made in (await shop.page(view.status_id)).attempts] == [1, 2]


async def _is(shop: Shop, send_id: str, wanted: str) -> bool:
    return await result(shop, send_id) == wanted


# --- one bad mail


async def test_a_bug_in_one_attempt_does_not_stop_the_others(shop: Shop):
    bad, good = await shop.ask(to="bad@example.org"), await shop.ask(to="good@example.org")
    async with working(shop, Post(TAKEN, shop.clock, breaks=("bad@example.org",))):
        await until(lambda: _is(shop, good.status_id, "SENT"))
    assert await result(shop, bad.status_id) is None


async def test_a_bug_in_one_composing_does_not_stop_its_batch(shop: Shop):
    await _accept_nonsense(shop)
    good = [await shop.ask(to=f"p{n}@example.org") for n in range(3)]
    async with working(shop, Post(TAKEN, shop.clock)):
        for view in good:
            await until(lambda view=view: _is(shop, view.status_id, "SENT"))


async def test_what_cannot_be_composed_is_not_lost(shop: Shop):
    send_id = await _accept_nonsense(shop)
    good = await shop.ask()
    async with working(shop, Post(TAKEN, shop.clock)):
        await until(lambda: _is(shop, good.status_id, "SENT"))
    assert (await shop.page(send_id)).send.state is ledger.SendState.ACCEPTED


async def test_what_cannot_be_composed_says_so_and_is_counted(shop: Shop):
    send_id = await _accept_nonsense(shop)
    for _ in range(3):
        async with working(shop, Post(TAKEN, shop.clock)):
            await until(lambda: _explains(shop, send_id))
    assert await shop.db.read(ledger.stuck_sends, shop.account_id) == 1
    assert await shop.db.read(ledger.stuck_sends, None) == 1
    assert await shop.db.read(ledger.stuck_sends, shop.account_id + 1) == 0


async def _explains(shop: Shop, send_id: str) -> bool:
    return "a fault of its own" in ((await shop.page(send_id)).send.explanation or "")


async def test_a_turn_that_a_bug_broke_comes_again_later_and_says_why(shop: Shop):
    """With each lease anew would be every minute, for ever, at a server that provokes it."""
    view = await shop.ask(to="x@example.org")
    post = Post(TAKEN, shop.clock, breaks=("x@example.org",))
    async with working(shop, post):
        await until(lambda: _waits(shop, view.status_id))
        (delivery,) = (await shop.page(view.status_id)).deliveries
        assert "a fault of its own" in (delivery.explanation or "")
        assert delivery.due == shop.clock.now() + timedelta(minutes=15)
        post.breaks = ()
        shop.clock.advance(minutes=16)
        await until(lambda: _is(shop, view.status_id, "SENT"))
    assert (await shop.page(view.status_id)).deliveries[0].tries == 1


async def _waits(shop: Shop, send_id: str) -> bool:
    return [each.state for each in (await shop.page(send_id)).deliveries] == [ledger.DeliveryState.WAITING]


async def test_a_later_try_that_cannot_be_composed_does_not_stop_those_looked_up_with_it(shop: Shop):
    bad, *good = [await shop.ask(to=f"p{n}@example.org") for n in range(3)]
    async with working(shop, Post(NOT_NOW, shop.clock)):
        for view in (bad, *good):
            await until(lambda view=view: _is(shop, view.status_id, "QUEUED"))
    await shop.db.write(_spoil_snapshot, shop.account_id, bad.status_id)
    shop.clock.advance(hours=2)
    async with working(shop, Post(TAKEN, shop.clock)):
        for view in good:
            await until(lambda view=view: _is(shop, view.status_id, "SENT"))
    assert await result(shop, bad.status_id) == "QUEUED"


def _spoil_snapshot(conn: database.Connection, account_id: int, send_id: str) -> None:
    spoilt = text("UPDATE payloads SET snapshot = :nonsense WHERE account_id = :account AND send_id = :id")
    conn.execute(spoilt, {"nonsense": b"\xff{", "account": account_id, "id": send_id})


async def _accept_nonsense(shop: Shop) -> str:
    """A send whose payload is a fault of ours."""
    now = shop.clock.now()
    new = ledger.NewSend(
        account_id=shop.account_id, id=ledger.SendId(database.uuid7(now)), requested_at=now, stream="transactional",
        email_id=shop.email_id, app_id=1, token_id=None, recipient="x@example.org", payload=b"\xff{", payload_hash="h",
    )  # fmt: skip
    return (await shop.db.write_together(ledger.accept, new)).id


# --- the stop rule


class Ailing:
    """A database that can be taken away and given back."""

    def __init__(self, db: database.Database) -> None:
        self._db, self.away, self.asked = db, False, 0

    def _check(self) -> None:
        self.asked += self.away
        if self.away:
            raise database.Unavailable("the disk is full")

    async def write(self, *args: Any) -> Any:
        self._check()
        return await self._db.write(*args)

    async def write_together(self, *args: Any) -> Any:
        self._check()
        return await self._db.write_together(*args)

    async def write_in_company(self, *args: Any) -> Any:
        self._check()
        return await self._db.write_in_company(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)


async def test_nothing_is_started_while_outcomes_cannot_be_recorded(shop: Shop):
    db, post = Ailing(shop.db), Post(TAKEN, shop.clock, holds="example.org")
    first = await shop.ask()
    async with working(shop, post, db=db) as worker:
        await until(lambda: post.begun)
        assert await worker.trouble() is None
        db.away = True
        post.withheld = Withheld()
        post.go.set()
        await until(worker.trouble)
        second = await shop.ask(to="bob@example.net")
        db.away = False
        await until(lambda: _is(shop, second.status_id, "SENT"))
        assert await worker.trouble() is None
    assert post.begun.count("bob@example.net") == 1
    assert first.status_id != second.status_id


async def test_a_worker_in_trouble_says_what_to_look_at_and_takes_nothing(shop: Shop):
    await shop.ask()
    worker = Delivery(shop.workshop, lambda _: desk(shop, Post(TAKEN, shop.clock)), slots=9, in_doubt_wait=timedelta(1))
    worker._told_of_trouble(True)
    assert "look at the database" in (await worker.trouble() or "")
    async with asyncio.TaskGroup() as group:
        assert not await worker._take_sends(group)
        assert not await worker._take_deliveries(group)
    assert len(await shop.claim()) == 1


async def test_a_database_that_is_away_for_a_while_is_waited_for(shop: Shop):
    db = Ailing(shop.db)
    db.away = True
    view = await shop.ask()
    async with working(shop, Post(TAKEN, shop.clock), db=db):
        await until(lambda: db.asked)
        db.away = False
        await until(lambda: _is(shop, view.status_id, "SENT"))


# --- shares


async def test_one_slow_domain_leaves_room_for_others(shop: Shop):
    post = Post(TAKEN, shop.clock, holds="slow.example", free=2)
    for n in range(8):
        await shop.ask(to=f"p{n}@slow.example")
    async with working(shop, post, slots=8):
        await until(lambda: len(post.begun) >= 2)
        other = await shop.ask(to="quick@example.org")
        await until(lambda: _is(shop, other.status_id, "SENT"))
        assert sum(name.endswith("@slow.example") for name in post.begun) == 2
        post.go.set()


async def test_a_relay_serves_all_domains_alike(shop: Shop):
    post = Post(TAKEN, shop.clock, holds="slow.example", free=0, sites=False)
    for n in range(4):
        await shop.ask(to=f"p{n}@slow.example")
    async with working(shop, post, slots=4):
        await until(lambda: len(post.begun) == 4)
        post.go.set()


async def test_no_more_is_in_flight_than_there_are_slots(shop: Shop):
    post = Post(TAKEN, shop.clock, holds="example.org", sites=False)
    for n in range(6):
        await shop.ask(to=f"p{n}@example.org")
    async with working(shop, post, slots=3) as worker:
        await until(lambda: len(post.begun) == 3)
        assert worker.in_flight == 3
        post.go.set()
        await until(lambda: len(post.begun) == 6)


# --- the end


async def test_what_is_in_flight_is_finished_before_the_end(shop: Shop):
    post = Post(TAKEN, shop.clock, holds="example.org")
    view = await shop.ask()
    async with working(shop, post) as worker:
        await until(lambda: post.begun)
        worker.stop()
        post.go.set()
    assert await result(shop, view.status_id) == "SENT"


async def test_what_was_not_finished_in_time_is_given_back(shop: Shop):
    post = Post(TAKEN, shop.clock, holds="example.org")
    view = await shop.ask()
    async with working(shop, post, drain=timedelta(0)):
        await until(lambda: post.begun)
    assert (await shop.page(view.status_id)).deliveries[0].state is ledger.DeliveryState.WAITING
    assert len(await shop.claim_deliveries("another")) == 1


async def test_a_stopped_worker_takes_nothing(shop: Shop):
    async with working(shop, Post(TAKEN, shop.clock)) as worker:
        worker.stop()
    view = await shop.ask()
    assert (await shop.page(view.status_id)).send.state is ledger.SendState.ACCEPTED


# --- the lease


async def test_a_worker_that_was_frozen_until_its_lease_is_short_lets_no_message_go(shop: Shop):
    seconds = [1000.0]

    class Slow(Post):
        async def deliver(self, parcel: outbound.Parcel, *, tries: int, before_dot: Any) -> outbound.Handover:
            seconds[0] += 91  # of 120
            return await super().deliver(parcel, tries=tries, before_dot=before_dot)

    post = Slow(TAKEN, shop.clock, withheld=Withheld())
    async with working(shop, post, since_boot=lambda: seconds[0]):
        await shop.ask()
        await until(lambda: post.let_go)
    assert post.let_go == [False]


class Freezing(Ailing):
    """The process freezes for an hour when it has asked for its next write, before that is made."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop.db)
        self._clock, self.freezes = shop.clock, False

    def _check(self) -> None:
        if self.freezes:
            self.freezes = False
            self._clock.advance(hours=1)


async def test_what_is_in_doubt_rests_in_full_also_if_the_worker_froze_before_it_wrote_that_down(shop: Shop):
    delivery, _ = await shop.send()
    intent = ledger.Intent(delivery=delivery, attempt_id="a", host="mx.example.org", at=shop.clock.now())
    await shop.db.write(ledger.intend, [intent])
    await shop.db.write(_end_leases)
    freezing = Freezing(shop)
    async with working(shop, Post(TAKEN, shop.clock), db=freezing) as worker:
        freezing.freezes = True
        await worker._recover()
        (view,) = (await shop.page(delivery.send_id)).deliveries
    assert (view.state, view.due) == (ledger.DeliveryState.IN_DOUBT, shop.clock.now() + timedelta(minutes=30))


def _end_leases(conn: database.Connection) -> None:
    conn.execute(text("UPDATE deliveries SET lease_until = 0"))


async def test_a_worker_starts_nothing_while_there_is_no_room(shop: Shop):
    class Tight(Ailing):
        has_room = False

    tight, post = Tight(shop.db), Post(TAKEN, shop.clock)
    async with working(shop, post, db=tight) as worker:
        view = await shop.ask()
        await until(lambda: worker._more.is_set() is False)
        assert post.begun == []
        tight.has_room = True
        worker._more.set()
        await until(lambda: _is(shop, view.status_id, "SENT"))
