"""By which egress the mail of a shop leaves: when it begins, and when it is tried again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from sendwright import accounts, attempt, composing, egresses, engage, ledger, outbound, smtp
from sendwright.composing import Ways
from sendwright.egresses.model import Fleet
from sendwright.outbound.model import Answered
from tests.egresses.made import address, plan, pool, relay

from .office import mail_text, open_counter
from .shop import MACHINE, FakePost, Shop, desk

pytestmark = pytest.mark.anyio

TAKEN = Answered(stage=smtp.Stage.FINAL, reply=smtp.Reply(code=250, enhanced="2.0.0", lines=("2.0.0 kept",)))
NOT_NOW = Answered(stage=smtp.Stage.FINAL, reply=smtp.Reply(code=451, enhanced="4.3.0", lines=("4.3.0 not now",)))
NOBODY = Answered(stage=smtp.Stage.RCPT, reply=smtp.Reply(code=550, enhanced="5.1.1", lines=("5.1.1 nobody",)))


async def keep(shop: Shop, *things: egresses.Egress | egresses.Pool | egresses.Warmup) -> None:
    """The shop's account has these, and the workshop learns of it."""
    for thing in things:
        mine = replace(thing, account_id=shop.account_id)
        match mine:
            case egresses.Egress():
                await shop.db.write(egresses.add_egress, shop.seal, mine)
            case egresses.Pool():
                await shop.db.write(egresses.set_pool, shop.seal, mine)
            case egresses.Warmup():
                await shop.db.write(egresses.start_warmup, shop.seal, mine)
    shop.clock.advance(seconds=5)


async def fleet(shop: Shop) -> Fleet:
    return (await shop.db.read(egresses.fleets, shop.seal, [shop.account_id]))[shop.account_id]


async def again(shop: Shop, *, wait: float = 3600) -> Any:
    """The delivery that is due next, and how it leaves."""
    shop.clock.advance(seconds=wait)
    (held,) = await shop.claim_deliveries()
    return await composing.leave_again(shop.workshop, held)


def there(number: int) -> egresses.Egress:
    means = egresses.OwnAddress(ip=f"192.0.2.{number}", ehlo_name=f"mx{number}.example.com", machine="there")
    return address(f"ip-{number}", means=means)


# --- when it begins


async def test_without_a_pool_mail_leaves_by_the_installations_own_way(shop: Shop):
    delivery, parcel = await shop.send()
    assert (delivery.egress, parcel.way) == ("", outbound.OWN_WAY)


async def test_mail_leaves_by_the_egress_of_its_pool(shop: Shop):
    await keep(shop, address("ip-1"), pool(ip_1=1))
    delivery, parcel = await shop.send()
    assert delivery.egress == "ip-1"
    assert parcel.way == outbound.Way(
        name="ip-1", route=outbound.DirectMx(), ehlo_name="mx1.example.com", source_ip="192.0.2.1"
    )


async def test_the_egress_is_kept_with_the_delivery(shop: Shop):
    await keep(shop, address("ip-1"), pool(ip_1=1))
    delivery, _ = await shop.send()
    (shown,) = (await shop.page(delivery.send_id)).deliveries
    assert shown.egress == "ip-1"


async def test_a_relay_is_a_smart_host(shop: Shop):
    await keep(shop, relay(), pool(relay=1))
    _, parcel = await shop.send()
    assert parcel.way == outbound.Way(name="relay", route=outbound.parse_route("smtp://u:secret@relay.example.net:587"))


@pytest.mark.parametrize("kind", ["socks5", "haproxy"])
async def test_a_proxy_is_used_from_any_machine(shop: Shop, kind: str):
    means = egresses.OwnAddress(
        ip="192.0.2.1", ehlo_name="mx1.example.com", machine="there", proxy=f"{kind}://[2001:db8::1]:1080"
    )
    await keep(shop, address("ip-1", means=means), pool(ip_1=1))
    _, parcel = await shop.send()
    assert parcel.way.proxy == outbound.Proxy(kind=outbound.ProxyKind(kind), host="2001:db8::1", port=1080)


async def test_marketing_egresses_never_carry_transactional_mail(shop: Shop):
    await keep(shop, address("ip-1"), pool("marketing", ip_1=1))
    delivery, _ = await shop.send()
    assert delivery.egress == ""


async def test_each_recipient_has_its_own_way_and_many_follow_the_shares(shop: Shop):
    await keep(shop, address("ip-1"), address("ip-2"), pool(ip_1=1, ip_2=1))
    for number in range(20):
        await shop.ask(to=f"a{number}@example.org", cc=(f"b{number}@example.org",))
    counts = Counter(delivery.egress for delivery, _ in await shop.compose())
    assert counts.total() == 40
    assert min(counts["ip-1"], counts["ip-2"]) > 5


async def test_a_submitted_mail_leaves_by_the_pool_too(shop: Shop):
    await keep(shop, address("ip-1"), pool(ip_1=1))
    counter = await open_counter(shop)
    assert (await counter.one(mail_text())).way.name == "ip-1"


async def test_in_the_sandbox_nothing_leaves_by_any_way(shop: Shop):
    await keep(shop, address("ip-1"), pool(ip_1=1), plan("ip-1", 1))
    shop.workshop = replace(
        shop.workshop, ways=Ways(shop.db, shop.seal, machine="elsewhere", sandbox=True)
    )  # fmt: skip
    delivery, parcel = await shop.send()
    assert (delivery.egress, parcel.way) == ("ip-1", outbound.Way(name="ip-1"))
    assert (await fleet(shop)).days == {}


# --- waiting


async def test_mail_that_may_not_leave_waits_with_the_reason(shop: Shop):
    await keep(shop, address("ip-1", check=None), pool(ip_1=1, only_own=True))
    view = await shop.ask()
    assert await shop.compose() == []
    (shown,) = (await shop.page(view.status_id)).deliveries
    assert shown.state is ledger.DeliveryState.WAITING
    assert shown.due is not None
    assert shown.due > shop.clock.now()
    assert "No egress of the transactional pool" in str(shown.explanation)


async def test_what_waited_leaves_once_it_may(shop: Shop):
    await keep(shop, address("ip-1", check=None), pool(ip_1=1, only_own=True))
    await shop.ask()
    await shop.compose()
    await shop.db.write(egresses.note_check, shop.account_id, "ip-1", egresses.Check(at=shop.clock.now()))
    held, way = await again(shop)
    assert (held.egress, way.name) == ("ip-1", "ip-1")


async def test_mail_for_another_machines_address_waits_for_it_at_once(shop: Shop):
    await keep(shop, there(1), pool(ip_1=1))
    await shop.ask()
    assert await shop.compose() == []
    (held,) = await shop.claim_deliveries("worker there")
    assert held.egress == "ip-1"
    ways = Ways(shop.db, shop.seal, machine="there", sandbox=False)
    found = await composing.leave_again(replace(shop.workshop, ways=ways), held)
    assert found is not None
    assert found[1].source_ip == "192.0.2.1"


async def test_a_process_knows_what_it_must_not_claim(shop: Shop):
    await keep(shop, there(1), address("ip-2"), pool(ip_1=1))
    assert shop.workshop.ways is not None
    assert await shop.workshop.ways.elsewhere(shop.clock.now()) == {(shop.account_id, "ip-1")}


async def test_in_the_sandbox_every_machine_claims_everything(shop: Shop):
    await keep(shop, there(1))
    ways = Ways(shop.db, shop.seal, machine=MACHINE, sandbox=True)
    assert await ways.elsewhere(shop.clock.now()) == frozenset()


async def test_a_delivery_claimed_on_the_wrong_machine_is_given_back(shop: Shop):
    await keep(shop, there(1), pool(ip_1=1))
    view = await shop.ask()
    await shop.compose()
    assert await again(shop) is None
    (shown,) = (await shop.page(view.status_id)).deliveries
    assert (shown.state, shown.egress) == (ledger.DeliveryState.WAITING, "ip-1")
    assert "machine there" in str(shown.explanation)


async def test_the_books_balance_while_mail_waits(shop: Shop):
    await keep(shop, address("ip-1", check=None), pool(ip_1=1, only_own=True))
    await shop.ask()
    await shop.compose()
    assert await shop.balanced()


# --- later tries


async def deferred(shop: Shop) -> ledger.Delivery:
    delivery, parcel = await shop.send()
    await attempt.attempt(desk(shop, FakePost(NOT_NOW, shop.clock)), delivery, parcel)
    return delivery


async def test_a_later_try_leaves_by_the_same_egress(shop: Shop):
    await keep(shop, address("ip-1"), address("ip-2"), pool(ip_1=1, ip_2=1))
    first = await deferred(shop)
    held, way = await again(shop, wait=86400)
    assert (held.egress, way.name) == (first.egress, first.egress)


@pytest.mark.parametrize("how", ["paused", "removed", "out of the pool"])
async def test_mail_that_waits_for_an_egress_that_is_gone_moves_to_another(shop: Shop, how: str):
    await keep(shop, address("ip-1"), address("ip-2"), pool(ip_1=1))
    await deferred(shop)
    await keep(shop, pool(ip_1=1, ip_2=1))
    if how == "paused":
        await shop.db.write(egresses.pause_egress, shop.account_id, "ip-1", "listed", "operator")
    elif how == "removed":
        await shop.db.write(egresses.retire_egress, shop.account_id, "ip-1")
    else:
        await keep(shop, pool(ip_2=1))
    held, way = await again(shop, wait=86400)
    assert (held.egress, way.source_ip) == ("ip-2", "192.0.2.2")
    (shown,) = (await shop.page(held.send_id)).deliveries
    assert shown.egress == "ip-2"


async def test_mail_of_a_suspended_account_waits_until_it_is_resumed(shop: Shop):
    await deferred(shop)
    now = shop.clock.now()
    await shop.db.write(accounts.suspend_account, shop.account_id, "unpaid", now, "operator")
    assert await again(shop, wait=86400) is None
    await shop.db.write(accounts.resume_account, shop.account_id, now, "operator")
    assert await again(shop) is not None


async def test_mail_of_a_suspended_account_says_why_it_waits(shop: Shop):
    delivery = await deferred(shop)
    await shop.db.write(accounts.suspend_account, shop.account_id, "unpaid", shop.clock.now(), "operator")
    await again(shop, wait=86400)
    (shown,) = (await shop.page(delivery.send_id)).deliveries
    assert "unpaid" in str(shown.explanation)


async def test_a_delivery_that_another_worker_holds_is_not_moved(shop: Shop):
    await keep(shop, address("ip-1"), address("ip-2"), pool(ip_1=1))
    await deferred(shop)
    shop.clock.advance(days=1)
    (held,) = await shop.claim_deliveries()
    stale = replace(held, lease=replace(held.lease, epoch=held.lease.epoch - 1))
    await keep(shop, pool(ip_2=1))
    assert await composing.leave_again(shop.workshop, stale) is None


async def test_a_workshop_without_ways_uses_the_installations_own(shop: Shop):
    await deferred(shop)
    shop.workshop = replace(shop.workshop, ways=None)
    _, way = await again(shop, wait=86400)
    assert way == outbound.OWN_WAY
    assert (await shop.send())[1].way == outbound.OWN_WAY


# --- warm-up


async def test_what_begins_under_a_cap_is_counted_with_it(shop: Shop):
    await keep(shop, address("ip-1"), pool(ip_1=1), plan("ip-1", 1000))
    await shop.send(to="ann@gmail.com")
    ((gmail,),) = (await fleet(shop)).days.values()
    assert gmail.begun == 1


async def test_what_is_over_the_cap_leaves_by_others(shop: Shop):
    await keep(shop, address("ip-1"), address("ip-2"), pool(ip_1=1, ip_2=0), plan("ip-1", 1))
    for number in range(5):
        await shop.ask(to=f"a{number}@gmail.com")
    assert Counter(delivery.egress for delivery, _ in await shop.compose()) == {"ip-1": 1, "ip-2": 4}


async def test_what_is_over_the_cap_of_a_plan_that_holds_waits(shop: Shop):
    await keep(shop, address("ip-1"), pool(ip_1=1), plan("ip-1", 1, 1, overflow="hold"))
    for number in range(3):
        await shop.ask(to=f"a{number}@gmail.com")
    assert len(await shop.compose()) == 1
    shop.clock.advance(hours=12)
    gone = [await composing.leave_again(shop.workshop, held) for held in await shop.claim_deliveries()]
    assert gone.count(None) == 1


async def test_when_another_process_took_the_room_the_ways_are_chosen_again(shop: Shop):
    await keep(shop, address("ip-1"), address("ip-2"), pool(ip_1=1, ip_2=0), plan("ip-1", 1))
    assert shop.workshop.ways is not None
    await shop.workshop.ways.learn([shop.account_id], shop.clock.now())
    other = egresses.Grant(
        account_id=shop.account_id, egress="ip-1", provider=egresses.Provider.GMAIL, cap=1
    )  # fmt: skip
    await shop.db.write(egresses.take, [other], shop.clock.now())
    delivery, parcel = await shop.send(to="ann@gmail.com")
    assert (delivery.egress, parcel.way.name) == ("ip-2", "ip-2")


class Blind(Ways):
    """Believes for ever what it learnt first."""

    def forget(self, account_ids: Iterable[int]) -> None:
        pass

    def departure(self, asked: Any, now: datetime) -> Any:
        kept = dict(self._kept)
        try:
            return super().departure(asked, now)
        finally:
            self._kept = kept

    def _is_fresh(self, account_id: int, now: datetime) -> bool:
        return account_id in self._kept


async def test_mail_that_finds_no_room_time_and_again_waits(shop: Shop):
    await keep(shop, address("ip-1"), pool(ip_1=1), plan("ip-1", 1))
    shop.workshop = replace(shop.workshop, ways=Blind(shop.db, shop.seal, machine=MACHINE, sandbox=False))
    await shop.send(to="ann@gmail.com")
    view = await shop.ask(to="bob@gmail.com")
    assert await shop.compose() == []
    (shown,) = (await shop.page(view.status_id)).deliveries
    assert shown.state is ledger.DeliveryState.WAITING
    assert await again(shop) is None
    assert await shop.balanced()


@pytest.mark.parametrize(("outcome", "counted"), [(TAKEN, "delivered"), (NOT_NOW, "deferred"), (NOBODY, "bounced")])
async def test_what_comes_of_it_is_counted(shop: Shop, outcome: Answered, counted: str):
    await keep(shop, address("ip-1"), pool(ip_1=1), plan("ip-1", 1000))
    delivery, parcel = await shop.send(to="ann@gmail.com")
    await attempt.attempt(desk(shop, FakePost(outcome, shop.clock)), delivery, parcel)
    ((gmail,),) = (await fleet(shop)).days.values()
    assert getattr(gmail, counted) == 1


async def test_a_complaint_is_counted_for_the_egress_by_which_the_mail_came(shop: Shop):
    await keep(shop, address("ip-1"), pool(ip_1=1), plan("ip-1", 1000))
    delivery, _ = await shop.send(to="ann@gmail.com")
    await shop.db.write(
        engage.complained, shop.account_id, delivery.send_id, "ann@gmail.com", shop.clock.now()
    )  # fmt: skip
    ((gmail,),) = (await fleet(shop)).days.values()
    assert gmail.complained == 1


async def test_what_leaves_by_the_installations_own_way_is_not_counted(shop: Shop):
    delivery, parcel = await shop.send()
    await attempt.attempt(desk(shop, FakePost(TAKEN, shop.clock)), delivery, parcel)
    assert (await fleet(shop)).days == {}
