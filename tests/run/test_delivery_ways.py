"""The worker hands each delivery over by its way, at the first try and at later ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from sendwright import egresses, ledger, outbound
from tests.egresses.made import address, pool
from tests.run.test_delivery import NOT_NOW, TAKEN, Post, until, working
from tests.stories.shop import Shop
from tests.stories.test_leaving import keep

pytestmark = pytest.mark.anyio


@dataclass
class Seen(Post):
    """Remembers by what each message came."""

    by: list[str | None] = field(default_factory=list)

    async def deliver(self, parcel: outbound.Parcel, *, tries: int, before_dot: Any) -> outbound.Handover:
        self.by.append(parcel.way.source_ip)
        return await super().deliver(parcel, tries=tries, before_dot=before_dot)


async def test_every_try_is_made_from_the_same_address(shop: Shop):
    await keep(shop, address("ip-1"), address("ip-2"), pool(ip_1=1, ip_2=1))
    first, second = Seen(NOT_NOW, shop.clock), Seen(TAKEN, shop.clock)
    await shop.ask()
    async with working(shop, first):
        await until(lambda: first.by)
    shop.clock.advance(hours=2)
    async with working(shop, second):
        await until(lambda: second.by)
    assert first.by == second.by


async def test_a_later_try_is_made_from_another_address_when_the_first_is_paused(shop: Shop):
    await keep(shop, address("ip-1"), address("ip-2"), pool(ip_1=1, ip_2=0))
    first, second = Seen(NOT_NOW, shop.clock), Seen(TAKEN, shop.clock)
    await shop.ask()
    async with working(shop, first):
        await until(lambda: first.by)
    await shop.db.write(egresses.pause_egress, shop.account_id, "ip-1", "listed", "operator")
    shop.clock.advance(hours=2)
    async with working(shop, second):
        await until(lambda: second.by)
    assert (first.by, second.by) == (["192.0.2.1"], ["192.0.2.2"])


async def test_a_delivery_that_may_not_leave_is_not_handed_over(shop: Shop):
    await keep(shop, address("ip-1"), pool(ip_1=1, only_own=True))
    first, second = Seen(NOT_NOW, shop.clock), Seen(TAKEN, shop.clock)
    view = await shop.ask()
    async with working(shop, first):
        await until(lambda: first.by)
    await shop.db.write(egresses.pause_egress, shop.account_id, "ip-1", "listed", "operator")
    shop.clock.advance(hours=2)

    async def put_off() -> bool:
        (shown,) = (await shop.page(view.status_id)).deliveries
        return shown.state is ledger.DeliveryState.WAITING and "pool" in str(shown.explanation)

    async with working(shop, second):
        await until(put_off)
    assert second.by == []
