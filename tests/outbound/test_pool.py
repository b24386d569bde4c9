"""Slots of a site."""

import asyncio

import pytest

from sendwright.outbound.pool import Site
from sendwright.outbound.settings import Manners
from tests.outbound.made import Clock

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
