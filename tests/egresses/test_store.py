"""Egresses, pools, plans and counts on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from sendwright import database, egresses
from sendwright.egresses import Full, Grant, Provider, Result, Returned, rules
from sendwright.egresses.model import Day
from tests.egresses.made import BAD, NOON, TODAY, address, plan, pool, relay

pytestmark = pytest.mark.anyio

SEAL = database.Seal(b"s" * 32)
MIDNIGHT = NOON + timedelta(hours=12)
GRANT = Grant(account_id=1, egress="ip-1", provider=Provider.GMAIL, cap=rules.PARTS * 2)


async def add(db: database.Database, *wanted: egresses.Egress) -> None:
    for each in wanted:
        await db.write(egresses.add_egress, SEAL, each)


async def fleet(db: database.Database, account_id: int = 1) -> egresses.Fleet:
    return (await db.read(egresses.fleets, SEAL, [account_id]))[account_id]


@pytest.mark.parametrize("wanted", [address("ip-1", check=BAD, forced=True), address("ip-1", check=None), relay()])
async def test_an_egress_comes_back_as_it_was(db: database.Database, wanted: egresses.Egress):
    await add(db, wanted)
    assert await db.read(egresses.find_egress, SEAL, 1, wanted.name) == wanted


async def test_a_relays_password_is_sealed(db: database.Database):
    await add(db, relay())
    kept = await db.read(lambda conn: str(conn.exec_driver_sql("SELECT * FROM egresses").all()))
    assert "secret" not in kept


async def test_the_password_of_a_relay_that_is_removed_is_erased(db: database.Database):
    await add(db, relay())
    await db.write(egresses.retire_egress, 1, "relay")
    found = await db.read(egresses.find_egress, SEAL, 1, "relay")
    assert found is not None
    assert found.means == egresses.Relay(url="", shown="u@relay.example.net:587")


async def test_the_egresses_of_another_account_are_not_seen(db: database.Database):
    await add(db, address("ip-1"), address("ip-2", account_id=2))
    assert [each.name for each in await db.read(egresses.list_egresses, SEAL, 1)] == ["ip-1"]


async def test_a_name_is_given_once(db: database.Database):
    await add(db, address("ip-1"))
    with pytest.raises(ValueError, match="another name"):
        await add(db, relay("ip-1"))


async def test_an_address_belongs_to_one_account(db: database.Database):
    await add(db, address("ip-1"))
    with pytest.raises(ValueError, match="already"):
        await add(db, replace(address("ip-1"), account_id=2, name="mine"))


async def test_an_address_that_was_removed_may_be_added_again(db: database.Database):
    await add(db, address("ip-1"))
    await db.write(egresses.retire_egress, 1, "ip-1")
    await add(db, replace(address("ip-1"), account_id=2, name="mine"))
    assert [each.name for each in await db.read(egresses.list_egresses, SEAL, 2)] == ["mine"]


async def test_an_egress_that_was_removed_is_in_no_list_and_no_pool(db: database.Database):
    await add(db, address("ip-1"), address("ip-2"))
    await db.write(egresses.set_pool, SEAL, pool(ip_1=1, ip_2=1))
    await db.write(egresses.retire_egress, 1, "ip-1")
    assert [each.name for each in await db.read(egresses.list_egresses, SEAL, 1)] == ["ip-2"]
    (kept,) = await db.read(egresses.list_pools, 1)
    assert [member.egress for member in kept.members] == ["ip-2"]


async def test_only_what_is_active_is_paused(db: database.Database):
    await add(db, address("ip-1"))
    assert await db.write(egresses.pause_egress, 1, "ip-1", "listed", "operator")
    assert not await db.write(egresses.pause_egress, 1, "ip-1", "again", "operator")
    assert (await fleet(db)).egresses["ip-1"].reason == "listed"


async def test_what_one_paused_another_does_not_resume(db: database.Database):
    await add(db, address("ip-1"))
    await db.write(egresses.pause_egress, 1, "ip-1", "listed", "operator")
    assert not await db.write(egresses.resume_egress, 1, "ip-1", ["account"])
    assert await db.write(egresses.resume_egress, 1, "ip-1", ["account", "operator"])
    assert (await fleet(db)).egresses["ip-1"].usable


async def test_a_check_is_kept(db: database.Database):
    await add(db, address("ip-1"))
    assert await db.write(egresses.note_check, 1, "ip-1", BAD)
    assert (await fleet(db)).egresses["ip-1"].check == BAD
    assert not (await fleet(db)).egresses["ip-1"].usable


async def test_an_egress_may_be_used_whatever_was_found(db: database.Database):
    await add(db, address("ip-1"))
    assert await db.write(egresses.force_egress, 1, "ip-1", BAD)
    assert (await fleet(db)).egresses["ip-1"].usable


async def test_a_pool_that_is_set_again_is_replaced(db: database.Database):
    await add(db, address("ip-1"), address("ip-2"))
    await db.write(egresses.set_pool, SEAL, pool(ip_1=1, ip_2=1))
    await db.write(egresses.set_pool, SEAL, pool(ip_2=5, installation=1))
    assert await db.read(egresses.list_pools, 1) == [pool(installation=1, ip_2=5)]


async def test_a_pool_of_another_accounts_egress_is_refused(db: database.Database):
    await add(db, address("ip-1", account_id=2))
    with pytest.raises(ValueError, match="no egress"):
        await db.write(egresses.set_pool, SEAL, pool(ip_1=1))


async def test_a_pool_that_is_removed_is_gone(db: database.Database):
    await add(db, address("ip-1"))
    await db.write(egresses.set_pool, SEAL, pool(ip_1=1))
    assert await db.write(egresses.remove_pool, 1, egresses.Stream.TRANSACTIONAL)
    assert not await db.write(egresses.remove_pool, 1, egresses.Stream.TRANSACTIONAL)
    assert await db.read(egresses.list_pools, 1) == []


async def test_an_account_without_anything_has_an_empty_fleet(db: database.Database):
    assert await fleet(db) == egresses.Fleet(account_id=1)


async def test_a_plan_comes_back_with_its_days(db: database.Database):
    await add(db, address("ip-1"))
    wanted = plan("ip-1", 10, 20, overflow="hold")
    await db.write(egresses.start_warmup, SEAL, wanted)
    await db.write(egresses.take, [GRANT], NOON)
    found = await fleet(db)
    assert found.warmups == {"ip-1": wanted}
    part = rules.part_of(NOON)
    assert found.days == {
        ("ip-1", Provider.GMAIL): [Day(day=TODAY, begun=1, part=part, begun_in_part=1)]
    }  # fmt: skip


async def test_a_plan_that_is_started_again_begins_anew(db: database.Database):
    await add(db, address("ip-1"))
    for _ in range(2):
        await db.write(egresses.start_warmup, SEAL, plan("ip-1", 10))
    await db.write(egresses.take, [GRANT], NOON)
    await db.write(egresses.start_warmup, SEAL, plan("ip-1", 10))
    assert (await fleet(db)).days == {}


async def test_a_plan_for_no_egress_is_refused(db: database.Database):
    with pytest.raises(ValueError, match="no egress"):
        await db.write(egresses.start_warmup, SEAL, plan("ip-1", 10))


async def test_a_plan_that_is_stopped_is_gone(db: database.Database):
    await add(db, address("ip-1"))
    await db.write(egresses.start_warmup, SEAL, plan("ip-1", 10))
    assert await db.write(egresses.stop_warmup, 1, "ip-1")
    assert not await db.write(egresses.stop_warmup, 1, "ip-1")


async def test_no_more_begin_than_there_is_room(db: database.Database):
    room = -(-GRANT.cap // (rules.PARTS - rules.part_of(NOON)))
    await db.write(egresses.take, [GRANT] * room, NOON)
    with pytest.raises(Full):
        await db.write(egresses.take, [GRANT], NOON)


async def test_a_batch_for_which_there_is_no_room_counts_nothing(db: database.Database):
    await add(db, address("ip-1"))
    await db.write(egresses.start_warmup, SEAL, plan("ip-1", 10))
    with pytest.raises(Full):
        await db.write(egresses.take, [GRANT] * GRANT.cap, NOON)
    assert (await fleet(db)).days == {}


async def test_many_writers_together_never_begin_more_than_there_is_room(target: database.Target):
    opened = [database.open_database(target) for _ in range(3 if target.url else 1)]
    tries = [db.write(egresses.take, [GRANT], NOON) for db in opened for _ in range(20)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    for db in opened:
        await db.close()
    assert {type(each) for each in answers} == {type(None), Full}
    assert answers.count(None) == -(-GRANT.cap // (rules.PARTS - rules.part_of(NOON)))


async def test_the_next_day_has_room_again(db: database.Database):
    one = replace(GRANT, cap=1)
    await db.write(egresses.take, [one], NOON)
    with pytest.raises(Full):
        await db.write(egresses.take, [one], NOON + timedelta(hours=11))
    await db.write(egresses.take, [one], MIDNIGHT)


async def test_what_came_back_is_counted_for_the_day_and_the_provider(db: database.Database):
    await add(db, address("ip-1"))
    await db.write(egresses.start_warmup, SEAL, plan("ip-1", 10))
    await db.write(egresses.take, [GRANT], NOON)
    back = [
        Returned(account_id=1, egress="ip-1", domain=domain, result=result)
        for domain, result in [
            ("gmail.com", Result.DELIVERED), ("googlemail.com", Result.DELIVERED), ("gmail.com", Result.DEFERRED),
            ("gmail.com", Result.BOUNCED), ("gmail.com", Result.COMPLAINED), ("example.org", Result.BOUNCED),
        ]
    ]  # fmt: skip
    await db.write(egresses.note_returned, back, NOON)
    ((gmail,),) = (await fleet(db)).days.values()
    assert (gmail.begun, gmail.delivered, gmail.deferred, gmail.bounced, gmail.complained) == (1, 2, 1, 1, 1)


async def test_only_what_others_can_use_alone_is_elsewhere(db: database.Database):
    def there(name: str, **changes: str) -> egresses.OwnAddress:
        return egresses.OwnAddress(
            ip=f"192.0.2.{name[-1]}", ehlo_name="mx.example.com", machine="there", **changes
        )  # fmt: skip

    await add(
        db,
        address("ip-1"),
        address("ip-2", means=there("ip-2")),
        address("ip-3", means=there("ip-3", proxy="socks5://there:1080")),
        address("ip-4", means=there("ip-4"), state=egresses.EgressState.PAUSED),
        relay(),
    )
    assert await db.read(egresses.elsewhere, "here") == {(1, "ip-2")}


async def test_an_account_has_so_many_egresses_at_most(db: database.Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sendwright.egresses.keep._MOST", 1)
    await add(db, address("ip-1"))
    with pytest.raises(ValueError, match="no more than"):
        await add(db, address("ip-2"))
