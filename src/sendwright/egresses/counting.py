"""What is counted of an egress that is warmed up: what begins, under its cap, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sendwright import database
from sendwright.egresses import store
from sendwright.egresses.model import Grant, Provider
from sendwright.egresses.rules import after_one_more, day_of, has_room, provider_of


class Full(Exception):
    """Others took the room that was left under a cap: choose again, with counts read anew."""


class Result(StrEnum):
    """What is told apart of what came back. The values are columns."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What came of a delivery that left by an egress. `domain`: the recipient's, as A-label."""

    account_id: int
    egress: str
    domain: str
    result: Result


def take(conn: database.Connection, grants: Sequence[Grant], now: datetime) -> None:
    """Counts mails that begin, in the transaction in which they do. Raises :class:`Full`: then none of them may.

    Rows are locked in one order by everybody, and held for one commit.
    """
    for grant, number in sorted(Counter(grants).items(), key=lambda each: _place(each[0])):
        day = store.lock_day(conn, grant, day_of(now))
        for _ in range(number):
            if not has_room(grant.cap, day, now):
                raise Full(grant.egress)
            day = after_one_more(day, now)
        store.write_begun(conn, grant, day)


def note_returned(conn: database.Connection, returned: Sequence[Returned], now: datetime) -> None:
    """Counts what came back, for egresses that are warmed up; the others have no counts."""
    lanes: dict[tuple[int, str, Provider], Counter[str]] = {}
    for each in returned:
        lane = (each.account_id, each.egress, provider_of(each.domain))
        lanes.setdefault(lane, Counter())[each.result.value] += 1
    for (account_id, egress, provider), counts in sorted(lanes.items(), key=lambda each: each[0]):
        store.add_outcomes(conn, account_id, (egress, provider), day_of(now), counts)


def _place(grant: Grant) -> tuple[int, str, str]:
    return grant.account_id, grant.egress, grant.provider
