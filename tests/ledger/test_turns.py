"""Whose turn it is: nobody who cannot go stands in another's way, and no account's many keep another's few."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sendwright import database, ledger
from tests.ledger import cast
from tests.ledger.cast import LEASE
from tests.ledger.waiting import claim, shown, waiting

pytestmark = pytest.mark.anyio

LATER = timedelta(minutes=10)


def full(domain: str, egress: str = "") -> ledger.Barred:
    return ledger.Barred(room={(1 if egress else 0, egress, domain): 0})


async def test_what_is_due_is_taken_once(db: database.Database, now: datetime):
    new = await waiting(db, now)
    turn = await claim(db, now)
    assert [taken.id for taken in turn.taken] == [new.id]
    assert (await claim(db, now)).taken == ()


async def test_what_is_due_later_is_left(db: database.Database, now: datetime):
    await waiting(db, now, due=now + LATER)
    assert await claim(db, now) == ledger.Turn(taken=())


async def test_a_domain_without_room_does_not_keep_the_others(db: database.Database, now: datetime):
    for _ in range(5):
        await waiting(db, now, domain="full.example")
    other = await waiting(db, now + timedelta(seconds=1))
    turn = await claim(db, now + LATER, 1, full("full.example"))
    assert [taken.id for taken in turn.taken] == [other.id]


async def test_who_stepped_aside_is_taken_when_there_is_room(db: database.Database, now: datetime):
    await waiting(db, now, domain="full.example")
    assert (await claim(db, now, barred=full("full.example"))).taken == ()
    assert len((await claim(db, now)).taken) == 1


async def test_of_a_lane_no_more_are_taken_than_it_has_room_for(db: database.Database, now: datetime):
    for _ in range(5):
        await waiting(db, now, domain="slow.example")
    little = ledger.Barred(room={(0, "", "slow.example"): 2})
    first, second = await claim(db, now, barred=little), await claim(db, now, barred=little)
    assert (len(first.taken), len(second.taken)) == (2, 2)


async def test_who_stands_aside_is_not_looked_at_again(db: database.Database, now: datetime):
    await waiting(db, now, domain="full.example")
    assert (await claim(db, now, barred=full("full.example"))).more
    again = await claim(db, now, barred=full("full.example"))
    assert (again.more, again.aside) == (False, True)


async def test_a_busy_domain_is_busy_by_every_egress(db: database.Database, now: datetime):
    await waiting(db, now, egress="own")
    assert (await claim(db, now, barred=ledger.Barred(domains=frozenset({"example.org"})))).taken == ()


async def test_a_lane_is_of_one_egress(db: database.Database, now: datetime):
    own = await waiting(db, now, egress="own")
    await waiting(db, now, egress="other")
    turn = await claim(db, now, barred=full("example.org", "other"))
    assert [taken.id for taken in turn.taken] == [own.id]


async def test_what_belongs_to_another_machine_is_left_to_it(db: database.Database, now: datetime):
    await waiting(db, now, egress="theirs")
    assert (await claim(db, now, barred=ledger.Barred(foreign=frozenset({(1, "theirs")})))).taken == ()
    assert len((await claim(db, now)).taken) == 1


async def test_each_account_has_its_turn(db: database.Database, now: datetime):
    for _ in range(6):
        await waiting(db, now, account_id=1)
    for _ in range(2):
        await waiting(db, now + timedelta(seconds=1), account_id=2)
    taken = (await claim(db, now + LATER, 4)).taken
    assert sorted(each.account_id for each in taken) == [1, 1, 2, 2]


async def test_each_account_has_its_share_of_composing(db: database.Database, now: datetime):
    await db.write(ledger.accept, [cast.new_send(now) for _ in range(6)])
    await db.write(ledger.accept, [cast.new_send(now, account_id=2) for _ in range(2)])
    claimed = await db.write(ledger.claim_sends, "w1", LEASE, 4, now)
    assert sorted(send.account_id for send in claimed) == [1, 1, 2, 2]


async def test_mail_of_a_suspended_account_is_held_and_goes_on_by_itself(db: database.Database, now: datetime):
    new = await waiting(db, now)
    turn = await claim(db, now, barred=ledger.Barred(suspended=frozenset({1})))
    assert (turn.taken, (await shown(db, new, now)).hold) == ((), ledger.Hold.SUSPENDED)
    assert await db.read(ledger.holds_resumed, [1]) == []
    assert await db.write(ledger.let_go_resumed, [1], 10) == 0
    assert await db.write(ledger.let_go_resumed, [], 10) == 1
    assert len((await claim(db, now)).taken) == 1


@pytest.mark.parametrize(
    ("kind", "name"),
    [("all", ""), ("domain", "example.org"), ("egress", "own")],
)
@pytest.mark.parametrize("account_id", [ledger.EVERYBODY, 1])
async def test_what_is_paused_waits_until_it_is_resumed(
    db: database.Database, now: datetime, kind: str, name: str, account_id: int
):
    await waiting(db, now, egress="own")
    await db.write(ledger.pause, _pause(now, kind, name, account_id=account_id))
    assert (await claim(db, now)).taken == ()
    assert await db.write(ledger.resume, account_id, ledger.PauseKind(kind), name)
    assert len((await claim(db, now)).taken) == 1


async def test_a_pause_of_a_site_keeps_what_was_offered_to_it(db: database.Database, now: datetime):
    await waiting(db, now)
    (taken,) = (await claim(db, now)).taken
    site = cast.settlement(taken, ledger.Outcome.DEFERRED, now, due=now)
    site.site = "mx.example.org"
    await db.write(ledger.settle, [site])
    await db.write(ledger.pause, _pause(now, "site", "mx.example.org"))
    assert (await claim(db, now)).taken == ()
    assert (await claim(db, now)).taken == ()


async def test_lanes_before_a_paused_site_take_nobodys_turn(db: database.Database, now: datetime):
    """A large host has many customers: each of their domains stands in a lane of its own."""
    domains = [f"d{number}.example" for number in range(10)]
    for domain in domains:
        await waiting(db, now, domain=domain)
    for taken in (await claim(db, now, 20)).taken:
        put_off = cast.settlement(taken, ledger.Outcome.DEFERRED, now, due=now)
        put_off.site = "mx.example.org"
        await db.write(ledger.settle, [put_off])
    await db.write(ledger.pause, _pause(now, "site", "mx.example.org"))
    await claim(db, now, 20)
    other = await waiting(db, now + timedelta(seconds=1), domain="full.example")
    await claim(db, now + LATER, 20, full("full.example"))
    turn = await claim(db, now + LATER, 20)
    assert [taken.id for taken in turn.taken] == [other.id]


async def test_a_pause_ends_with_its_time(db: database.Database, now: datetime):
    await waiting(db, now)
    await db.write(ledger.pause, _pause(now, "all", "", until=now + LATER))
    assert (await claim(db, now)).taken == ()
    assert len((await claim(db, now + LATER)).taken) == 1


async def test_a_pause_of_one_account_keeps_no_other(db: database.Database, now: datetime):
    await waiting(db, now, account_id=1)
    await waiting(db, now, account_id=2)
    await db.write(ledger.pause, _pause(now, "all", "", account_id=1))
    assert [taken.account_id for taken in (await claim(db, now)).taken] == [2]


async def test_a_delivery_put_off_stands_aside_until_it_is_due(db: database.Database, now: datetime):
    new = await waiting(db, now)
    (taken,) = (await claim(db, now)).taken
    await db.write(ledger.put_off, taken, now + LATER, "No room.")
    assert (await shown(db, new, now)).explanation == "No room."
    assert (await claim(db, now)).taken == ()
    ((again),) = (await claim(db, now + LATER)).taken
    assert (again.id, again.tries) == (new.id, 0)


async def test_a_resume_of_what_is_not_paused_says_so(db: database.Database, now: datetime):
    assert not await db.write(ledger.resume, 1, ledger.PauseKind.ALL, "")


def _pause(
    now: datetime, kind: str, name: str, *, account_id: int = ledger.EVERYBODY, until: datetime | None = None
) -> ledger.Pause:
    return ledger.Pause(
        account_id=account_id, kind=ledger.PauseKind(kind), name=name, reason="a test", since=now, until=until
    )
