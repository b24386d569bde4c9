"""Slots of a site, its pace and its rests."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from sendwright import smtp
from sendwright.outbound.model import Answered, Lost, Outcome, Room, Unreachable
from sendwright.outbound.pool import Site
from sendwright.outbound.settings import Manners
from tests.outbound.made import Clock, answered

pytestmark = pytest.mark.anyio


def site(start: int = 1, most: int = 10) -> Site:
    return Site(Manners(start=start, most=most), Clock().monotonic)


async def test_slots_are_given_in_order_of_arrival():
    one = site()
    order: list[int] = []

    async def visit(number: int) -> None:
        assert await one.enter(1)
        order.append(number)
        await asyncio.sleep(0)
        one.leave()

    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(visit(number))
    assert order == [0, 1, 2, 3, 4]
    assert one.busy == 0


async def test_a_cancelled_wait_takes_no_slot():
    one = site()
    assert await one.enter(1)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(one.enter(1))
        await asyncio.sleep(0)
        waiting.cancel()
    one.leave()
    assert (one.busy, one.free) == (0, 1)


async def test_a_slot_given_to_who_is_cancelled_in_that_moment_is_given_back():
    one = site()
    assert await one.enter(1)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(one.enter(1))
        await asyncio.sleep(0)
        one.leave()
        waiting.cancel()
    assert (one.busy, one.free) == (0, 1)


async def test_a_wait_that_is_over_before_its_turn_is_passed_by():
    one = site()
    assert await one.enter(1)
    assert not await one.enter(0.01)
    one.leave()
    assert one.free == 1


async def test_connections_grow_by_one_for_each_clean_round_up_to_the_most():
    one = site(start=2, most=3)
    grown = []
    for _ in range(9):
        one.went_well()
        grown.append(one.allowed)
    assert grown == [2, 3, 3, 3, 3, 3, 3, 3, 3]


async def test_connections_halve_and_one_is_always_left():
    one = site(start=8)
    halved = []
    for _ in range(5):
        one.went_badly()
        halved.append(one.allowed)
    assert halved == [4, 2, 1, 1, 1]


async def test_a_site_that_nobody_visits_may_be_forgotten():
    one = site()
    assert one.is_quiet
    await one.enter(1)
    assert not one.is_quiet
    one.leave()
    one.was_silent()
    assert not one.is_quiet
    one.spoke()
    assert one.is_quiet


# --- pace, rests, room


def refusal(code: int, enhanced: str, text: str, *, stage: smtp.Stage = smtp.Stage.MAIL) -> Answered:
    return answered(code, enhanced, text, stage=stage)


TAKEN = refusal(250, "2.0.0", "taken", stage=smtp.Stage.FINAL)
TOO_FAST = refusal(421, "4.7.28", "unusual rate of mail")
BLOCKED = refusal(550, "5.7.1", "your ip address is on a blocklist")
FOR_ONE = refusal(450, "4.2.1", "the user is receiving mail at a rate that is too high", stage=smtp.Stage.RCPT)
DROPPED = Lost(stage=smtp.Stage.MAIL, dot_written=False, detail="the server closed the connection")


class Visited:
    """A site, its clock, and what happened to one delivery after the other."""

    def __init__(self, **manners: Any) -> None:
        self.clock = Clock()
        self.site = Site(Manners(**manners), self.clock.monotonic, ("mx1.example.org", "mx2.example.org"))

    async def visit(self, outcome: Outcome = TAKEN, recipient: str = "ada@example.org") -> bool:
        if not await self.site.enter(0):
            return False
        self.site.heed(outcome, recipient)
        self.site.leave()
        return True

    @property
    def minutes_to_wait(self) -> float:
        return self.site.room().wait / timedelta(minutes=1)


async def test_a_new_site_has_room_for_its_first_connections():
    assert Visited().site.room() == Room(now=2)


async def test_where_it_flows_some_wait_at_the_door():
    made = Visited(in_hand=7)
    await made.visit()
    assert made.site.room().now == 7


async def test_a_site_whose_connections_are_all_busy_says_so():
    one = site(start=1)
    await one.enter(1)
    room = one.room()
    assert (room.now, room.wait, room.why) == (0, timedelta(seconds=5), "all 1 connections are busy")
    assert one.put_off() == room


async def test_no_more_wait_at_the_door_than_the_site_may_have_in_hand():
    one = Site(Manners(start=1, in_hand=3), Clock().monotonic)
    assert await one.enter(1)
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(one.enter(0.01)) for _ in range(2)]
        await asyncio.sleep(0)
        assert not await one.enter(60)
        assert one.in_hand == 3
    assert [task.result() for task in waiting] == [False, False]


async def test_words_of_rate_bring_a_site_down_to_one_message_a_minute_for_half_an_hour():
    made = Visited()
    await made.visit(TOO_FAST)
    assert made.site.allowed == 1
    assert made.minutes_to_wait == 1
    taken = 0
    for _ in range(29 * 60):
        made.clock.moved += 1
        taken += await made.visit() if made.site.room().now else 0
    assert taken == 29
    assert made.site.allowed == 1
    made.clock.moved += 61
    assert made.site.room().now > 1


async def test_who_is_told_again_slows_down_for_longer_up_to_two_hours():
    made = Visited()
    lengths = []
    for _ in range(4):
        await made.visit(TOO_FAST)
        assert made.site.rests.slow is not None
        lengths.append((made.site.rests.slow.until - made.clock.monotonic()) / 60)
        made.clock.moved += lengths[-1] * 60
    assert lengths == [30, 60, 120, 120]


async def test_answers_in_one_breath_are_one_warning():
    made = Visited(start=5)
    for _ in range(5):
        assert await made.site.enter(1)
    for _ in range(5):
        made.clock.moved += 1
        made.site.heed(TOO_FAST, "ada@example.org")
        made.site.leave()
    assert made.site.rests.slow is not None
    assert made.site.rests.slow.until == made.clock.monotonic() - 4 + 1800


async def test_a_quiet_time_makes_the_next_warning_a_first_one():
    made = Visited()
    await made.visit(TOO_FAST)
    made.clock.moved += 3601
    await made.visit(TOO_FAST)
    assert made.site.rests.slow is not None
    assert made.site.rests.slow.until - made.clock.monotonic() == 1800


async def test_one_recipient_who_gets_too_much_does_not_slow_the_others():
    made = Visited()
    for _ in range(9):
        await made.visit(FOR_ONE)
    assert made.site.rests.slow is None
    assert made.site.room().now == 2


async def test_several_recipients_who_get_too_much_slow_the_site():
    made = Visited()
    for number in range(3):
        await made.visit(FOR_ONE, f"{number}@example.org")
    assert made.site.rests.slow is not None


async def test_several_recipients_over_a_day_do_not_slow_the_site():
    made = Visited()
    for number in range(9):
        await made.visit(FOR_ONE, f"{number}@example.org")
        made.clock.moved += 400
    assert made.site.rests.slow is None


async def test_a_site_that_refuses_our_address_is_left_alone_for_a_quarter_of_an_hour():
    made = Visited()
    await made.visit(BLOCKED)
    room = made.site.room()
    assert (room.now, room.wait) == (0, timedelta(minutes=15))
    assert room.why == (
        "it refuses our address or domain (550 5.7.1 your ip address is on a blocklist)"
    )  # fmt: skip
    assert made.site.alert
    assert not await made.visit()
    made.clock.moved = 901
    assert await made.visit()
    assert not made.site.alert


async def test_words_that_stop_us_stop_us():
    made = Visited(stop_words=("[tss04]",), stop_for=timedelta(hours=2))
    await made.visit(refusal(421, "4.7.0", "[TSS04] deferred"))
    assert made.minutes_to_wait == 120
    assert not made.site.alert


async def test_who_waits_at_the_door_of_a_site_that_stops_us_goes_back_to_the_queue():
    made = Visited(start=1)
    assert await made.site.enter(1)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(made.site.enter(60))
        await asyncio.sleep(0)
        made.site.heed(BLOCKED, "ada@example.org")
    assert not waiting.result()
    assert made.site.put_off().wait == timedelta(minutes=15)


async def test_a_site_that_breaks_off_every_conversation_is_left_alone():
    made = Visited()
    for _ in range(4):
        await made.visit(DROPPED)
    resting = made.site.what_rests("mx1.example.org")
    assert isinstance(resting, Unreachable)
    assert resting.detail == "it broke off every conversation"


async def test_a_site_that_breaks_off_now_and_then_is_not_left_alone():
    made = Visited()
    for _ in range(6):
        await made.visit(DROPPED)
        await made.visit()
    assert made.site.what_rests("mx1.example.org") is None


async def test_a_site_all_of_whose_hosts_are_too_busy_has_no_room_until_the_first_is_not():
    made = Visited()
    busy = refusal(421, "4.3.2", "busy", stage=smtp.Stage.GREETING)
    made.site.rest("mx1.example.org", busy)
    assert made.site.room().now == 2
    made.clock.moved = 60
    made.site.rest("mx2.example.org", busy)
    assert made.site.room() == Room(
        now=0, wait=timedelta(minutes=4), why="its servers are too busy to talk to us"
    )  # fmt: skip


async def test_a_site_that_cannot_be_reached_has_room_because_its_messages_keep_their_own_schedule():
    made = Visited()
    made.site.was_silent()
    assert made.site.room().now == 2


async def test_a_limit_on_messages_a_minute_is_kept_without_bursts():
    made = Visited(per_minute=2.0)
    taken = 0
    made.clock.moved += 3600
    for _ in range(600):
        made.clock.moved += 1
        taken += await made.visit() if made.site.room().now else 0
    assert taken == 20
    assert made.site.room().every == timedelta(seconds=30)


async def test_those_who_are_put_off_are_told_different_times():
    made = Visited(per_minute=1.0)
    await made.visit()
    assert [made.site.put_off().wait / timedelta(minutes=1) for _ in range(3)] == [1, 2, 3]


async def test_a_turn_that_comes_in_a_moment_is_waited_for_at_the_door():
    started = asyncio.get_running_loop().time
    one = Site(Manners(per_minute=6_000.0), started)
    order = []

    async def visit(number: int) -> None:
        assert await one.enter(1)
        order.append((number, started()))
        one.leave()

    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(visit(number))
    assert [number for number, _ in order] == [0, 1, 2, 3]
    assert order[-1][1] - order[0][1] >= 0.029


async def test_a_relay_that_repeats_words_of_rate_only_loses_connections():
    made = Visited(relay=True, start=4)
    await made.visit(TOO_FAST)
    await made.visit(BLOCKED)
    assert (made.site.allowed, made.site.room().now) == (2, 2)
