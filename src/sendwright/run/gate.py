"""The gate: which deliveries this worker may begin now, and when those may come again that have to wait.

It knows what is in hand in each lane (egress and domain), asks the post how much room there is, and remembers for how
long a lane is shut, so that no message is composed for a lane that cannot take it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sendwright import ledger

Lane = tuple[str, str]
"""Egress and domain."""

_SHARE = 4
"""On the route mx one lane may hold this part of the slots; the rest of its mail stands aside in the ledger."""
_MOST_SHUT = 10_000


class Post(Protocol):
    """What the gate asks of the post."""

    @property
    def by_site(self) -> bool:
        """Whether each domain has servers of its own."""
        ...

    def free_slots(self, site_domain: str) -> int:
        """How many deliveries to this domain would begin at once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """So many may begin now; at 0 the next one after ``wait``, because of ``why``."""

    now: int
    wait: timedelta = timedelta(0)
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotNow:
    """A delivery may not begin: when it may come again, and why it waits, in a sentence."""

    due: datetime
    why: str


class Gate:
    """One worker's. ``suspended`` and ``pauses`` are as they were learnt last; ``foreign`` belong to other machines."""

    def __init__(self, post: Post, slots: int) -> None:
        self._post, self._slots = post, slots
        self._in_hand: Counter[Lane] = Counter()
        self._shut: dict[Lane, datetime] = {}
        self.pauses: Sequence[ledger.Pause] = ()
        self.suspended: frozenset[int] = frozenset()
        self.foreign: frozenset[tuple[int, str]] = frozenset()

    def refusal(self, delivery: ledger.Delivery, now: datetime) -> NotNow | None:
        """Why this delivery may not begin; None: it may."""
        pause = ledger.pause_of(_head(delivery, now), self.pauses)
        if pause is not None:
            return NotNow(due=now, why=f"Paused by the operator: {pause.reason}")
        lane = (delivery.egress, delivery.domain)
        room = self._room(lane)
        if room.now > 0:
            return None
        if room.wait:
            self._remember(lane, now + room.wait, now)
        return NotNow(due=now + room.wait, why=f"It waits for its turn at {delivery.domain}: {room.why}.")

    def begin(self, delivery: ledger.Delivery) -> None:
        """It is in hand."""
        self._in_hand[delivery.egress, delivery.domain] += 1

    def end(self, delivery: ledger.Delivery) -> None:
        """It is out of hand."""
        lane = (delivery.egress, delivery.domain)
        self._in_hand[lane] -= 1
        if not self._in_hand[lane]:
            del self._in_hand[lane]

    def barred(self, now: datetime) -> ledger.Barred:
        """Who need not be claimed now."""
        self._forget(now)
        known = {*self._in_hand, *self._shut}
        return ledger.Barred(
            room={lane: 0 if lane in self._shut else self._room(lane).now for lane in known},
            foreign=self.foreign, suspended=self.suspended,
        )  # fmt: skip

    def loads(self) -> Sequence[ledger.SiteLoad]:
        """What is in hand, for whoever looks at the queue."""
        return [
            ledger.SiteLoad(egress=egress, site=domain, connections=many, allowed=self._share)
            for (egress, domain), many in self._in_hand.items()
        ]

    @property
    def _share(self) -> int:
        return max(self._slots // _SHARE, 1) if self._post.by_site else self._slots

    def _room(self, lane: Lane) -> Room:
        """How many more may begin: what the post has room for, or at least the lane's share of our slots."""
        _, domain = lane
        own = self._share - self._in_hand[lane]
        free = max(own, self._post.free_slots(domain) if self._post.by_site else own)
        return Room(now=max(free, 0), why=f"{self._in_hand[lane]} deliveries there are under way")

    def _remember(self, lane: Lane, until: datetime, now: datetime) -> None:
        if len(self._shut) >= _MOST_SHUT:
            self._forget(now)
        if len(self._shut) < _MOST_SHUT:
            self._shut[lane] = until

    def _forget(self, now: datetime) -> None:
        for lane in [lane for lane, until in self._shut.items() if until <= now]:
            del self._shut[lane]


def _head(delivery: ledger.Delivery, now: datetime) -> ledger.Head:
    return ledger.Head(
        account_id=delivery.account_id, id=delivery.id, egress=delivery.egress, domain=delivery.domain, site=None,
        due=now,
    )  # fmt: skip
