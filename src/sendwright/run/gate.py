"""The gate: which deliveries this worker may begin now, and when those may come again that have to wait.

It knows what is in hand in each lane (egress and domain), asks the post how much room there is by its way, and
remembers for how long a lane is shut, so that no message is composed for a lane that cannot take it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sendwright import ledger, outbound

_MOST_SHUT = 10_000
_MOST_WAYS = 10_000
_SOON = timedelta(seconds=5)
"""Who would wait no longer than this for a busy place comes again as soon as a turn is over."""


class Post(Protocol):
    """What the gate asks of the post."""

    def by_site(self, way: outbound.Way) -> bool:
        """Whether each domain has servers of its own by this way; a relay takes everything."""
        ...

    def room(self, site_domain: str, way: outbound.Way) -> outbound.Room:
        """How many deliveries to this domain may set out by this way, or when it is worth asking again."""
        ...

    def snapshot(self) -> Sequence[outbound.SiteState]:
        """How it stands with every site."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NotNow:
    """A delivery may not begin: when it may come again, and why it waits, in a sentence."""

    due: datetime
    why: str


@dataclass(slots=True)
class _Shut:
    """A lane that opens again; ``waiting`` were sent away so far, each to a later time."""

    until: datetime
    waiting: int = 0


class Gate:
    """One worker's. ``suspended`` and ``pauses`` are as they were learnt last; ``foreign`` belong to other machines."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._in_hand: Counter[ledger.Lane] = Counter()
        self._shut: dict[ledger.Lane, _Shut] = {}
        self._ways: dict[ledger.Lane, outbound.Way] = {}
        self.pauses: Sequence[ledger.Pause] = ()
        self.suspended: frozenset[int] = frozenset()
        self.foreign: frozenset[tuple[int, str]] = frozenset()

    def refusal(self, delivery: ledger.Delivery, way: outbound.Way, now: datetime) -> NotNow | None:
        """Why this delivery may not begin; None: it may."""
        pause = ledger.pause_of(_head(delivery, now), self.pauses)
        if pause is not None:
            return NotNow(due=now, why=f"Paused by the operator: {pause.reason}")
        if not self._post.by_site(way):
            return None
        lane = ledger.path_of(delivery)
        self._note_way(lane, way)
        room = self._post.room(delivery.domain, way)
        if room.now > 0:
            return None
        return NotNow(due=self._turn(lane, room, now), why=f"It waits for its turn at {delivery.domain}: {room.why}.")

    def begin(self, delivery: ledger.Delivery) -> None:
        """It is in hand."""
        self._in_hand[ledger.path_of(delivery)] += 1

    def end(self, delivery: ledger.Delivery) -> None:
        """It is out of hand."""
        lane = ledger.path_of(delivery)
        self._in_hand[lane] -= 1
        if not self._in_hand[lane]:
            del self._in_hand[lane]

    def barred(self, now: datetime) -> ledger.Barred:
        """Who need not be claimed now."""
        self._forget(now)
        shut = dict.fromkeys(self._shut, 0)
        known = {lane: self._ways[lane] for lane in self._in_hand if lane in self._ways}
        busy = {lane: self._post.room(lane[2], way).now for lane, way in known.items() if self._post.by_site(way)}
        return ledger.Barred(room={**busy, **shut}, foreign=self.foreign, suspended=self.suspended)

    def loads(self) -> Sequence[ledger.SiteLoad]:
        """How it stands with each site, for whoever looks at the queue."""
        return [_load(state) for state in self._post.snapshot()]

    def _turn(self, lane: ledger.Lane, room: outbound.Room, now: datetime) -> datetime:
        if not room.every and room.wait <= _SOON and self._in_hand[lane]:
            return now  # a turn that ends makes room, and wakes who stands aside
        shut = self._shut.get(lane)
        if shut is None or shut.until <= now:
            shut = self._remember(lane, _Shut(until=now + room.wait), now)
        shut.waiting += 1
        return now + room.wait + room.every * (shut.waiting - 1)

    def _note_way(self, lane: ledger.Lane, way: outbound.Way) -> None:
        if len(self._ways) >= _MOST_WAYS:
            self._ways = {lane: way for lane, way in self._ways.items() if lane in self._in_hand}
        self._ways[lane] = way

    def _remember(self, lane: ledger.Lane, shut: _Shut, now: datetime) -> _Shut:
        if len(self._shut) >= _MOST_SHUT:
            self._forget(now)
        if len(self._shut) < _MOST_SHUT:
            self._shut[lane] = shut
        return shut

    def _forget(self, now: datetime) -> None:
        for lane in [lane for lane, shut in self._shut.items() if shut.until <= now]:
            del self._shut[lane]


def _head(delivery: ledger.Delivery, now: datetime) -> ledger.Head:
    return ledger.Head(
        account_id=delivery.account_id, id=delivery.id, egress=delivery.egress, domain=delivery.domain, site=None,
        due=now,
    )  # fmt: skip


def _load(state: outbound.SiteState) -> ledger.SiteLoad:
    refusal = state.last_refusal
    return ledger.SiteLoad(
        egress=state.way, site=state.site, connections=state.connections, allowed=state.connections_allowed,
        rate=float(state.per_minute), allowed_rate=state.per_minute_allowed, resting_until=state.resting_until,
        why=state.why, refusal="" if refusal is None else refusal.words,
        refused_at=None if refusal is None else refusal.at,
    )  # fmt: skip
