"""The gate: who may begin now, and when those come again that may not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from sendwright import ledger, outbound
from sendwright.run.gate import Gate
from tests.ledger import cast

WAY = outbound.OWN_WAY
LANE = (0, "", "example.org")
BUSY = outbound.Room(now=0, wait=timedelta(seconds=5), why="all 2 connections are busy")
RESTS = outbound.Room(now=0, wait=timedelta(minutes=5), why="it rests")
PACED = outbound.Room(now=0, wait=timedelta(seconds=10), every=timedelta(seconds=60), why="one message a minute")


@dataclass
class Post:
    sites: bool = True
    there: outbound.Room = field(default_factory=lambda: outbound.Room(now=1))
    states: tuple[outbound.SiteState, ...] = ()

    def by_site(self, way: outbound.Way) -> bool:
        return self.sites

    def room(self, site_domain: str, way: outbound.Way) -> outbound.Room:
        return self.there

    def snapshot(self) -> tuple[outbound.SiteState, ...]:
        return self.states


@pytest.fixture
def delivery(now: datetime) -> ledger.Delivery:
    send = ledger.ClaimedSend(
        account_id=1, id=ledger.SendId("s"), lease=ledger.Lease(owner="w", epoch=1), requested_at=now, stream="t",
        email_id=1, app_id=1, recipient="ann@example.org", payload=b"",
    )  # fmt: skip
    return cast.held(send, cast.new_delivery(0, now))


def test_where_there_is_room_it_may_begin(delivery: ledger.Delivery, now: datetime):
    assert Gate(Post()).refusal(delivery, WAY, now) is None


def test_a_relay_takes_everything(delivery: ledger.Delivery, now: datetime):
    assert Gate(Post(sites=False, there=BUSY)).refusal(delivery, WAY, now) is None


def test_where_ours_are_busy_it_comes_again_when_a_turn_ends(delivery: ledger.Delivery, now: datetime):
    post = Post()
    gate = Gate(post)
    gate.refusal(delivery, WAY, now)
    gate.begin(delivery)
    post.there = BUSY
    refused = gate.refusal(delivery, WAY, now)
    assert refused is not None
    assert (refused.due, refused.why) == (now, "It waits for its turn at example.org: all 2 connections are busy.")
    assert gate.barred(now).room == {LANE: 0}
    post.there = outbound.Room(now=2)
    assert gate.barred(now).room == {LANE: 2}
    gate.end(delivery)
    assert gate.barred(now).room == {}


def test_a_lane_that_rests_is_claimed_for_again_when_it_opens(delivery: ledger.Delivery, now: datetime):
    gate = Gate(Post(there=RESTS))
    refused = gate.refusal(delivery, WAY, now)
    assert refused is not None
    assert refused.due == now + RESTS.wait
    assert gate.barred(now).room == {LANE: 0}
    assert gate.barred(now + RESTS.wait).room == {}


def test_those_who_wait_for_a_pace_come_one_after_the_other(delivery: ledger.Delivery, now: datetime):
    gate = Gate(Post(there=PACED))
    dues = [refused.due for _ in range(3) if (refused := gate.refusal(delivery, WAY, now)) is not None]
    assert dues == [now + timedelta(seconds=after) for after in (10, 70, 130)]


def test_what_is_paused_waits(delivery: ledger.Delivery, now: datetime):
    gate = Gate(Post())
    kind = ledger.PauseKind.DOMAIN
    gate.pauses = [
        ledger.Pause(account_id=0, kind=kind, name="example.org", reason="they asked", since=now, until=None)
    ]
    refused = gate.refusal(delivery, WAY, now)
    assert refused is not None
    assert refused.why == "Paused by the operator: they asked"


def test_what_others_own_and_who_is_suspended_is_barred(now: datetime):
    gate = Gate(Post())
    gate.foreign, gate.suspended = frozenset({(1, "theirs")}), frozenset({2})
    assert gate.barred(now) == ledger.Barred(foreign=frozenset({(1, "theirs")}), suspended=frozenset({2}))


def test_the_queue_is_told_how_it_stands_with_each_site(now: datetime):
    state = outbound.SiteState(
        way="ip1", site="mx.example.org", provider="", connections=1, connections_allowed=2, in_hand=3, per_minute=4,
        per_minute_allowed=60.0, resting_until=now, why="it rests",
        last_refusal=outbound.model.Refusal(code=421, words="slow down", at=now), alert=False,
    )  # fmt: skip
    assert Gate(Post(states=(state,))).loads() == [
        ledger.SiteLoad(
            egress="ip1",
            site="mx.example.org",
            connections=1,
            allowed=2,
            rate=4.0,
            allowed_rate=60.0,
            resting_until=now,
            why="it rests",
            refusal="421 slow down",
            refused_at=now,
        )
    ]
