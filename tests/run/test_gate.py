"""The gate: who may begin now, and when those come again that may not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from sendwright import ledger
from sendwright.run.gate import Gate, Room
from tests.ledger import cast

WAIT = timedelta(minutes=5)


@dataclass
class Post:
    by_site: bool = True
    free: int = 0

    def free_slots(self, site_domain: str) -> int:
        return self.free


@pytest.fixture
def delivery(now: datetime) -> ledger.Delivery:
    send = ledger.ClaimedSend(
        account_id=1, id=ledger.SendId("s"), lease=ledger.Lease(owner="w", epoch=1), requested_at=now, stream="t",
        email_id=1, app_id=1, recipient="ann@example.org", payload=b"",
    )  # fmt: skip
    return cast.held(send, cast.new_delivery(0, now))


def test_a_lane_may_hold_its_share_of_the_slots(delivery: ledger.Delivery, now: datetime):
    gate = Gate(Post(), slots=8)
    gate.begin(delivery)
    assert gate.refusal(delivery, now) is None
    gate.begin(delivery)
    refused = gate.refusal(delivery, now)
    assert refused is not None
    assert (refused.due, "2 deliveries there are under way" in refused.why) == (now, True)


def test_a_lane_may_hold_more_where_the_post_has_room(delivery: ledger.Delivery, now: datetime):
    gate = Gate(Post(free=1), slots=4)
    gate.begin(delivery)
    assert gate.refusal(delivery, now) is None


def test_a_relay_is_no_lanes_own(delivery: ledger.Delivery, now: datetime):
    gate = Gate(Post(by_site=False), slots=4)
    for _ in range(3):
        gate.begin(delivery)
    assert gate.refusal(delivery, now) is None


def test_what_ended_leaves_room(delivery: ledger.Delivery, now: datetime):
    gate = Gate(Post(), slots=4)
    gate.begin(delivery)
    assert gate.barred(now).room == {("", "example.org"): 0}
    assert [(load.site, load.connections) for load in gate.loads()] == [("example.org", 1)]
    gate.end(delivery)
    assert (gate.barred(now).room, gate.loads()) == ({}, [])


def test_what_is_paused_waits(delivery: ledger.Delivery, now: datetime):
    gate = Gate(Post(), slots=4)
    kind = ledger.PauseKind.DOMAIN
    gate.pauses = [
        ledger.Pause(account_id=0, kind=kind, name="example.org", reason="they asked", since=now, until=None)
    ]
    refused = gate.refusal(delivery, now)
    assert refused is not None
    assert refused.why == "Paused by the operator: they asked"


class Closed(Gate):
    """The post says when to come again."""

    def _room(self, lane: tuple[str, str]) -> Room:
        return Room(now=0, wait=WAIT, why="it rests")


def test_a_lane_that_is_shut_is_claimed_for_again_when_it_opens(delivery: ledger.Delivery, now: datetime):
    gate = Closed(Post(), slots=4)
    refused = gate.refusal(delivery, now)
    assert refused is not None
    assert (refused.due, refused.why) == (now + WAIT, "It waits for its turn at example.org: it rests.")
    assert gate.barred(now).room == {("", "example.org"): 0}
    assert gate.barred(now + WAIT).room == {}


def test_what_others_own_and_who_is_suspended_is_barred(now: datetime):
    gate = Gate(Post(), slots=4)
    gate.foreign, gate.suspended = frozenset({(1, "theirs")}), frozenset({2})
    assert gate.barred(now) == ledger.Barred(foreign=frozenset({(1, "theirs")}), suspended=frozenset({2}))
