"""What attempts are made with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sendwright import database, feedback, ledger, outbound


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where attempts are made. ``trouble`` is told whether outcomes can be recorded at present (the stop rule)."""

    db: database.Database
    post: outbound.Post
    now: Callable[[], datetime]
    chance: Callable[[], float]
    trouble: Callable[[bool], None]
    may_end: Callable[[ledger.Delivery], bool] = lambda delivery: True
    """Whether enough of the lease is left to write the final dot; asked right before it."""
    journal: database.Journal | None = None
    """Where outcomes wait that the database cannot take; None where the database is on the same disk."""
    hostname: str = "localhost"
    """Our name, in notices."""
    doubt_wait: timedelta = ledger.IN_DOUBT_WAIT
    """How long an attempt whose answer was lost rests."""
    give_up_after: timedelta = timedelta(hours=120)
    duplicate_policy: ledger.DuplicatePolicy = ledger.DuplicatePolicy.RETRY
    """Both where the sender asked for nothing."""
    lifetimes: feedback.Lifetimes = feedback.FOR_EVER
    """For how long an address that bounced is not mailed."""
