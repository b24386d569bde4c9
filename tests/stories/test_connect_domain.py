"""From a new domain to one that is connected, degrades and recovers, and whose keys take turns; on both databases."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sendwright import accounts, connect_domain, database, domains, egresses
from sendwright.domains import DomainState, KeyState
from tests.fakes.dns_of import AROUND, PLACE, Answers, dns_says, published
from tests.stories.shop import Clock

pytestmark = pytest.mark.anyio

OVERLAP = timedelta(days=7)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def desk(db: database.Database, clock: Clock) -> connect_domain.Desk:
    return connect_domain.Desk(
        db=db,
        seal=database.Seal(b"s" * 32),
        name_servers=domains.NameServers(may_ask=lambda _: True, resolver="127.0.0.1:1", limit=timedelta(seconds=0.05)),
        place=PLACE,
        now=clock.now,
        chance=random.Random(4711).random,
    )


@pytest.fixture
async def account_id(db: database.Database, now: datetime) -> int:
    return (await db.write(accounts.create_account, "Shop", now)).id


@pytest.fixture
async def new(desk: connect_domain.Desk, account_id: int) -> connect_domain.Known:
    """A domain just added."""
    return await connect_domain.add(
        desk,
        connect_domain.NewDomain(
            account_id=account_id, by="operator", name="example.com", return_path_host="bounce.example.com"
        ),
    )


async def check(desk: connect_domain.Desk, zone: Answers, *others: Answers) -> domains.Noted:
    """A check while the two name servers say this."""
    async with dns_says(zone, *(others or (zone,))) as (name_servers, _):
        noted = await connect_domain.check(replace(desk, name_servers=name_servers), 1, "example.com")
    assert noted is not None
    return noted


async def known(desk: connect_domain.Desk) -> connect_domain.Known:
    found = await desk.db.read(connect_domain.find, desk, 1, "example.com")
    assert found is not None
    return found


def right(known: connect_domain.Known) -> dict[tuple[str, str], Sequence[str]]:
    return {**AROUND, **published(known.wanted)}


def without(zone: Answers, part: str) -> Mapping[tuple[str, str], Sequence[str]]:
    return {place: values for place, values in zone.items() if part not in place[0]}


async def audited(db: database.Database) -> list[str]:
    return [entry.what for entry in reversed(await db.read(accounts.list_audit_entries, 1))]


async def test_selectors_are_nobody_elses(desk: connect_domain.Desk, new: connect_domain.Known):
    other = connect_domain.NewDomain(account_id=2, by="operator", name="example.com")
    theirs = await connect_domain.add(desk, other)
    assert {key.selector for key in new.keys}.isdisjoint(key.selector for key in theirs.keys)


async def test_a_domain_is_connected_the_moment_it_is_right(
    desk: connect_domain.Desk, new: connect_domain.Known, db: database.Database
):
    noted = await check(desk, right(new))
    assert (noted.check.is_usable, noted.after.state) == (True, DomainState.CONNECTED)
    assert "example.com" in await db.read(domains.connected, 1, ["example.com"])
    assert await audited(db) == ["account.created", "domain.added", "domain.connected"]


async def test_the_last_check_is_kept_as_it_was(desk: connect_domain.Desk, new: connect_domain.Known):
    noted = await check(desk, without(right(new), "bounce"))
    assert (await known(desk)).check == noted.check


@pytest.mark.parametrize("part", ["_domainkey", "bounce"])
async def test_what_lacks_something_needed_stays_pending(
    desk: connect_domain.Desk, new: connect_domain.Known, part: str
):
    assert (await check(desk, without(right(new), part))).after.state is DomainState.PENDING


@pytest.mark.parametrize("part", ["-ed._domainkey", "-rsa._domainkey", "_dmarc"])
async def test_one_key_is_enough_and_policies_are_only_advised(
    desk: connect_domain.Desk, new: connect_domain.Known, part: str
):
    assert (await check(desk, without(right(new), part))).after.state is DomainState.CONNECTED


async def test_what_one_name_server_does_not_have_yet_is_not_right(
    desk: connect_domain.Desk, new: connect_domain.Known
):
    assert (await check(desk, right(new), without(right(new), "bounce"))).after.state is DomainState.PENDING


async def test_a_domain_that_is_right_no_more_degrades_and_goes_on_signing(
    desk: connect_domain.Desk, new: connect_domain.Known, db: database.Database, clock: Clock
):
    await check(desk, right(new))
    clock.advance(days=1)
    noted = await check(desk, without(right(new), "_domainkey"))
    assert (noted.after.state, noted.after.degraded_since) == (DomainState.DEGRADED, clock.now())
    assert "example.com" in await db.read(domains.connected, 1, ["example.com"])
    assert len(await db.read(domains.signing_keys, desk.seal, 1, "example.com")) == 2


async def test_a_degraded_domain_remembers_since_when_and_recovers(
    desk: connect_domain.Desk, new: connect_domain.Known, db: database.Database, clock: Clock
):
    await check(desk, right(new))
    since = clock.now()
    assert (await check(desk, AROUND)).after.degraded_since == since
    clock.advance(hours=1)
    assert (await check(desk, AROUND)).after.degraded_since == since
    assert (await check(desk, right(new))).after.state is DomainState.CONNECTED
    assert await audited(db) == [
        "account.created", "domain.added", "domain.connected", "domain.degraded", "domain.recovered",
    ]  # fmt: skip


async def test_when_nobody_answers_nothing_changes(desk: connect_domain.Desk, new: connect_domain.Known):
    await check(desk, right(new))
    noted = await connect_domain.check(desk, 1, "example.com")
    assert noted is not None
    assert (noted.check.standing, noted.after.state) == (domains.Standing.UNKNOWN, DomainState.CONNECTED)


async def test_a_domain_connected_by_decree_that_never_was_right_does_not_degrade(
    desk: connect_domain.Desk, new: connect_domain.Known, db: database.Database, now: datetime
):
    await db.write(connect_domain.connect_by_decree, 1, "operator", "example.com", now)
    assert (await check(desk, AROUND)).after.state is DomainState.CONNECTED


async def test_a_decree_is_in_the_audit_log_once(
    desk: connect_domain.Desk, new: connect_domain.Known, db: database.Database, now: datetime
):
    tries = [await db.write(connect_domain.connect_by_decree, 1, "operator", "example.com", now) for _ in range(2)]
    assert (tries, (await audited(db))[2:]) == ([True, False], ["domain.connected_by_decree"])


async def test_a_domain_that_was_removed_during_a_check_stays_removed(
    desk: connect_domain.Desk, new: connect_domain.Known, db: database.Database, now: datetime
):
    async with dns_says(right(new)) as (name_servers, _):
        found = await domains.examine(name_servers, new.domain, new.keys, PLACE, now)
    assert await db.write(connect_domain.remove, 1, "operator", "Example.com", now)
    assert await db.write(domains.note_check, 1, "example.com", found, 0.5) is None
    assert not await db.write(connect_domain.remove, 1, "operator", "example.com", now)


async def test_a_removed_domain_takes_no_new_mail_but_signs_what_waits(
    desk: connect_domain.Desk, new: connect_domain.Known, db: database.Database, now: datetime
):
    await check(desk, right(new))
    await db.write(connect_domain.remove, 1, "operator", "example.com", now)
    assert await db.read(domains.connected, 1, ["example.com"]) == {}
    assert await db.read(connect_domain.find_all, desk, 1) == []
    assert await db.read(domains.find_domain, 1, "example.com") is not None
    assert len(await db.read(domains.signing_keys, desk.seal, 1, "example.com")) == 2


async def test_a_removed_domain_is_erased_when_its_mail_is_over(
    desk: connect_domain.Desk, new: connect_domain.Known, db: database.Database, clock: Clock
):
    await db.write(connect_domain.remove, 1, "operator", "example.com", clock.now())
    clock.advance(days=13)
    assert await connect_domain.forget_removed(desk) == []
    clock.advance(days=1)
    assert await connect_domain.forget_removed(desk) == [(1, "example.com")]
    assert await db.read(domains.list_keys, 1, "example.com") == []


async def test_a_removed_domain_can_be_added_anew_with_other_keys(
    desk: connect_domain.Desk, new: connect_domain.Known, db: database.Database, now: datetime
):
    await db.write(connect_domain.remove, 1, "operator", "example.com", now)
    again = await connect_domain.add(desk, connect_domain.NewDomain(account_id=1, by="operator", name="example.com"))
    assert {key.selector for key in again.keys}.isdisjoint(key.selector for key in new.keys)


async def test_a_domain_that_is_not_there_is_not_checked(desk: connect_domain.Desk, account_id: int):
    assert await connect_domain.check(desk, account_id, "example.org") is None
    assert await connect_domain.check_if_rested(desk, account_id, "example.org") is None


# --- by schedule


async def test_a_new_domain_is_due_at_once_and_then_after_five_minutes(
    desk: connect_domain.Desk, new: connect_domain.Known, clock: Clock
):
    async with dns_says(AROUND) as (name_servers, _):
        looking = replace(desk, name_servers=name_servers)
        assert len(await connect_domain.check_due(looking)) == 1
        clock.advance(minutes=4)
        assert await connect_domain.check_due(looking) == []
        clock.advance(minutes=2)
        assert len(await connect_domain.check_due(looking)) == 1


async def test_a_due_check_is_made_by_one_process(db: database.Database, new: connect_domain.Known, now: datetime):
    taken = [await db.write(domains.claim_due_checks, now, 10) for _ in range(2)]
    assert taken == [[(1, "example.com")], []]


async def test_a_check_that_a_dead_process_took_is_due_again(
    db: database.Database, new: connect_domain.Known, now: datetime
):
    await db.write(domains.claim_due_checks, now, 10)
    assert await db.write(domains.claim_due_checks, now + timedelta(minutes=10), 10) == [(1, "example.com")]


# --- keys take turns


async def states(desk: connect_domain.Desk) -> dict[str, KeyState]:
    """By age and kind: old-rsa, new-ed …"""
    keys = (await known(desk)).keys
    oldest = min(key.created_at for key in keys)
    return {
        f"{'old' if key.created_at == oldest else 'new'}-{key.selector.rpartition('-')[2]}": key.state for key in keys
    }


@pytest.fixture
async def rotated(desk: connect_domain.Desk, new: connect_domain.Known, clock: Clock) -> connect_domain.Known:
    """A connected domain with new keys that wait."""
    await check(desk, right(new))
    clock.advance(days=30)
    made = await connect_domain.rotate(desk, 1, "operator", "example.com")
    assert made is not None
    return made


async def test_new_keys_wait_while_the_old_ones_sign(desk: connect_domain.Desk, rotated: connect_domain.Known):
    assert await states(desk) == {
        "old-ed": KeyState.ACTIVE, "old-rsa": KeyState.ACTIVE, "new-ed": KeyState.PENDING, "new-rsa": KeyState.PENDING,
    }  # fmt: skip


async def test_a_new_key_whose_record_is_seen_takes_over_from_its_kind_alone(
    desk: connect_domain.Desk, rotated: connect_domain.Known, new: connect_domain.Known
):
    (fresh,) = [k.selector for k in rotated.keys if k.state is KeyState.PENDING and k.selector.endswith("-rsa")]
    zone = {**right(new), **{place: v for place, v in right(rotated).items() if place[0].startswith(fresh)}}
    assert (await check(desk, zone)).activated == (fresh,)
    assert await states(desk) == {
        "old-ed": KeyState.ACTIVE, "old-rsa": KeyState.RETIRING, "new-ed": KeyState.PENDING, "new-rsa": KeyState.ACTIVE,
    }  # fmt: skip


async def test_an_old_key_is_erased_after_the_overlap_and_not_before(
    desk: connect_domain.Desk, rotated: connect_domain.Known, clock: Clock, db: database.Database
):
    await check(desk, right(rotated))
    clock.advance(days=6)
    assert await connect_domain.retire_keys(desk, OVERLAP) == []
    clock.advance(days=1)
    assert len(await connect_domain.retire_keys(desk, OVERLAP)) == 2
    assert set((await states(desk)).values()) == {KeyState.ACTIVE, KeyState.RETIRED}
    assert (await audited(db))[-2:] == ["domain.key_retired"] * 2


async def test_old_keys_are_never_retired_while_the_new_ones_wait(
    desk: connect_domain.Desk, rotated: connect_domain.Known, clock: Clock
):
    clock.advance(days=100)
    assert await connect_domain.retire_keys(desk, OVERLAP) == []


async def test_a_retired_key_wants_no_record_and_one_that_retires_keeps_its_own(
    desk: connect_domain.Desk, rotated: connect_domain.Known, clock: Clock
):
    def keys_of(known: connect_domain.Known) -> int:
        return sum(record.purpose is domains.Purpose.DKIM for record in known.wanted)

    await check(desk, right(rotated))
    assert keys_of(await known(desk)) == 4
    clock.advance(days=7)
    await connect_domain.retire_keys(desk, OVERLAP)
    assert keys_of(await known(desk)) == 2


async def test_the_record_of_a_key_that_retires_does_not_connect_a_domain(
    desk: connect_domain.Desk, rotated: connect_domain.Known
):
    await check(desk, right(rotated))
    fresh = [key.selector for key in rotated.keys if key.state is KeyState.PENDING]
    zone = {place: v for place, v in right(rotated).items() if not place[0].startswith(tuple(fresh))}
    assert (await check(desk, zone)).after.state is DomainState.DEGRADED


async def test_rotating_what_is_not_there_is_none(desk: connect_domain.Desk, account_id: int):
    assert await connect_domain.rotate(desk, account_id, "operator", "example.org") is None


async def test_rotating_twice_is_refused_with_the_selectors_to_publish(
    desk: connect_domain.Desk, rotated: connect_domain.Known
):
    with pytest.raises(ValueError, match=r"publish sw.* and sw.* first"):
        await connect_domain.rotate(desk, 1, "operator", "example.com")


async def add_address(desk: connect_domain.Desk, now: datetime, account_id: int = 1) -> None:
    means = egresses.OwnAddress(ip="192.0.2.10", ehlo_name="mx1.example.com", machine="here")
    egress = egresses.Egress(
        account_id=account_id, name="ip-1", means=means, state=egresses.EgressState.ACTIVE, created_at=now
    )
    await desk.db.write(egresses.add_egress, desk.seal, egress)


def spf_of(known: connect_domain.Known) -> str:
    (found,) = [record.value for record in known.wanted if record.purpose is domains.Purpose.RETURN_PATH_SPF]
    return found


async def test_the_spf_record_names_the_addresses_that_the_account_sends_from(
    desk: connect_domain.Desk, new: connect_domain.Known, now: datetime
):
    await add_address(desk, now)
    assert spf_of(await known(desk)) == spf_of(new).replace(" -all", " ip4:192.0.2.10 -all")


async def test_the_spf_record_names_no_address_of_another_account(
    desk: connect_domain.Desk, new: connect_domain.Known, now: datetime
):
    await add_address(desk, now, account_id=2)
    assert spf_of(await known(desk)) == spf_of(new)


async def test_a_domain_whose_spf_record_lacks_a_new_address_is_degraded(
    desk: connect_domain.Desk, new: connect_domain.Known, now: datetime
):
    await check(desk, right(new))
    await add_address(desk, now)
    assert (await check(desk, right(new))).after.state is DomainState.DEGRADED
    assert (await check(desk, right(await known(desk)))).after.state is DomainState.CONNECTED
