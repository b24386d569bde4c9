"""How an address becomes an account's own: by the operator, and by the account itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from sendwright import accounts, dedicated, egresses
from tests.egresses.made import NOON, plan, pool
from tests.fakes.name_server import SERVFAIL, NameServer, Zone, name_server

from .shop import Shop

pytestmark = pytest.mark.anyio

RIGHT: Zone = {
    ("1.0.0.127.in-addr.arpa", "PTR"): ["mx1.example.com."],
    ("mx1.example.com", "A"): ["127.0.0.1"],
}
MEANS = egresses.OwnAddress(ip="127.0.0.1", ehlo_name="mx1.example.com", machine="here")


@dataclass
class Place:
    shop: Shop
    dns: NameServer
    office: dedicated.Office

    async def audited(self) -> list[str]:
        found = await self.shop.db.read(accounts.list_audit_entries, self.shop.account_id)
        return [entry.what for entry in found]

    async def find(self, name: str = "ip-1") -> egresses.Egress | None:
        return await self.shop.db.read(egresses.find_egress, self.shop.seal, self.shop.account_id, name)


@pytest.fixture
async def place(shop: Shop) -> AsyncIterator[Place]:
    async with name_server(RIGHT) as dns:
        office = dedicated.Office(
            db=shop.db, seal=shop.seal, names=egresses.Names(dns.address), machine="here",
            account_id=shop.account_id, who=dedicated.OPERATOR, now=NOON,
        )  # fmt: skip
        yield Place(shop, dns, office)


def by_account(place: Place) -> dedicated.Office:
    return replace(place.office, who="token-1")


async def test_an_address_with_right_dns_is_usable_at_once(place: Place):
    added = await dedicated.add_by_operator(place.office, "IP-1", MEANS)
    assert added.usable
    assert await place.find() == added


async def test_an_address_with_wrong_dns_is_kept_and_not_used(place: Place):
    place.dns.zone = {}
    added = await dedicated.add_by_operator(place.office, "ip-1", MEANS)
    assert not added.usable
    assert added.check is not None
    assert len(added.check.findings) == 2


async def test_once_dns_is_right_a_check_makes_it_usable(place: Place):
    place.dns.zone = {}
    await dedicated.add_by_operator(place.office, "ip-1", MEANS)
    place.dns.zone = RIGHT
    found = await dedicated.check(place.office, "ip-1")
    assert found is not None
    assert found.usable
    assert await place.find() == found


async def test_once_dns_is_wrong_a_check_stops_its_use(place: Place):
    await dedicated.add_by_operator(place.office, "ip-1", MEANS)
    place.dns.zone = {}
    await dedicated.check(place.office, "ip-1")
    found = await place.find()
    assert found is not None
    assert not found.usable


async def test_while_dns_does_not_answer_a_fit_address_stays_in_use(place: Place):
    await dedicated.add_by_operator(place.office, "ip-1", MEANS)
    place.dns.zone = dict.fromkeys(RIGHT, SERVFAIL)
    found = await dedicated.check(place.office, "ip-1")
    assert found is not None
    assert found.usable
    assert found.check is not None
    assert len(found.check.findings) == 2


async def test_the_operator_may_use_it_all_the_same(place: Place):
    place.dns.zone = {}
    await dedicated.add_by_operator(place.office, "ip-1", MEANS)
    found = await dedicated.force(place.office, "ip-1")
    assert found is not None
    assert found.usable
    assert await place.find() == found


async def test_nothing_is_checked_of_a_relay(place: Place):
    added = await dedicated.add_by_operator(place.office, "relay", dedicated.relay("smtps://relay.example.net"))
    assert added.usable
    assert await dedicated.check(place.office, "relay") == added
    assert await dedicated.force(place.office, "relay") == added


@pytest.mark.parametrize("step", [dedicated.check, dedicated.force])
async def test_what_is_not_there_is_not_checked(place: Place, step: object):
    assert await step(place.office, "ip-1") is None  # type: ignore[operator]


async def test_what_was_removed_is_not_checked(place: Place):
    await dedicated.add_by_operator(place.office, "ip-1", MEANS)
    await dedicated.remove(place.office, "ip-1")
    assert await dedicated.check(place.office, "ip-1") is None


async def test_an_account_may_bring_an_address_under_its_own_domain(place: Place):
    assert (await dedicated.add_by_account(by_account(place), "ip-1", MEANS)).usable


@pytest.mark.parametrize("name", ["mx1.example.net", "mx1.notexample.com"])
async def test_an_account_may_not_bring_an_address_under_another_name(place: Place, name: str):
    with pytest.raises(ValueError, match="connected domains"):
        await dedicated.add_by_account(by_account(place), "ip-1", replace(MEANS, ehlo_name=name))


async def test_an_account_may_not_name_a_proxy(place: Place):
    with pytest.raises(ValueError, match="operator"):
        await dedicated.add_by_account(by_account(place), "ip-1", replace(MEANS, proxy="socks5://10.0.0.1:80"))


async def test_an_account_does_not_resume_what_the_operator_paused(place: Place):
    await dedicated.add_by_operator(place.office, "ip-1", MEANS)
    await dedicated.pause(place.office, "ip-1", "listed")
    assert not await dedicated.resume(by_account(place), "ip-1")
    assert await dedicated.resume(place.office, "ip-1")


async def test_an_account_does_not_get_rid_of_what_the_operator_paused(place: Place):
    """It could bring the same address again under another name."""
    await dedicated.add_by_operator(place.office, "ip-1", MEANS)
    await dedicated.pause(place.office, "ip-1", "listed")
    with pytest.raises(ValueError, match="paused by the operator"):
        await dedicated.remove(by_account(place), "ip-1")
    assert await dedicated.remove(place.office, "ip-1")


async def test_who_only_claims_an_address_loses_it_to_whom_dns_says_it_is_meant_for(place: Place):
    await place.shop.db.write(egresses.add_egress, place.shop.seal, replace(egress_of(999), check=None))
    added = await dedicated.add_by_account(by_account(place), "ip-1", MEANS)
    assert added.usable
    theirs = await place.shop.db.read(egresses.find_egress, place.shop.seal, 999, "ip-1")
    assert theirs is not None
    assert theirs.state is egresses.EgressState.RETIRED
    entries = await place.shop.db.read(accounts.list_audit_entries, 999)
    assert [entry.what for entry in entries] == ["egress.removed"]


async def test_who_has_proven_or_forced_an_address_keeps_it(place: Place):
    await place.shop.db.write(egresses.add_egress, place.shop.seal, egress_of(999))
    with pytest.raises(ValueError, match="an egress already"):
        await dedicated.add_by_account(by_account(place), "ip-1", MEANS)


async def test_a_claim_without_proof_takes_nothing_from_another(place: Place):
    await place.shop.db.write(egresses.add_egress, place.shop.seal, replace(egress_of(999), check=None))
    place.dns.zone = {}
    with pytest.raises(ValueError, match="an egress already"):
        await dedicated.add_by_account(by_account(place), "ip-1", MEANS)


def egress_of(account_id: int) -> egresses.Egress:
    return egresses.Egress(
        account_id=account_id, name="ip-1", means=MEANS, state=egresses.EgressState.ACTIVE, created_at=NOON,
        check=egresses.Check(at=NOON, findings=()),
    )  # fmt: skip


async def test_the_operator_resumes_what_an_account_paused(place: Place):
    await dedicated.add_by_operator(place.office, "ip-1", MEANS)
    await dedicated.pause(by_account(place), "ip-1", "")
    assert await dedicated.resume(place.office, "ip-1")


async def test_every_change_is_in_the_audit_log(place: Place):
    office, stream = place.office, egresses.Stream.TRANSACTIONAL
    mine = place.shop.account_id
    await dedicated.add_by_operator(office, "ip-1", MEANS)
    await dedicated.force(office, "ip-1")
    await dedicated.set_pool(office, replace(pool(ip_1=1, installation=1), account_id=mine))
    await dedicated.start_warmup(office, replace(plan("ip-1", 5), account_id=mine))
    await dedicated.stop_warmup(office, "ip-1")
    await dedicated.remove_pool(office, stream)
    await dedicated.pause(office, "ip-1", "listed")
    await dedicated.resume(office, "ip-1")
    await dedicated.remove(office, "ip-1")
    assert set(await place.audited()) >= {
        "egress.removed", "egress.resumed", "egress.paused", "pool.removed", "warmup.stopped", "warmup.started",
        "pool.set", "egress.forced", "egress.added",
    }  # fmt: skip


async def test_what_changes_nothing_is_not_in_the_audit_log(place: Place):
    before = await place.audited()
    assert not await dedicated.pause(place.office, "ip-1", "")
    assert not await dedicated.resume(place.office, "ip-1")
    assert not await dedicated.remove(place.office, "ip-1")
    assert not await dedicated.remove_pool(place.office, egresses.Stream.MARKETING)
    assert not await dedicated.stop_warmup(place.office, "ip-1")
    assert await place.audited() == before


async def test_a_relay_is_shown_without_its_password():
    assert dedicated.relay("smtp://me:secret@relay.example.net").shown == "me@relay.example.net:587"


@pytest.mark.parametrize("text", ["mx", "sandbox", "http://relay.example.net", "smtp://me:secret@"])
async def test_what_is_no_relay_is_refused_without_repeating_a_password(text: str):
    with pytest.raises(ValueError) as fault:  # noqa: PT011 - what it says is what is tested
        dedicated.relay(text)
    assert "secret" not in str(fault.value)
