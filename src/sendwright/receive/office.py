"""What the story works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sendwright import database, feedback, mail
from sendwright.receive.model import FEEDBACK_DOMAINS


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What the story needs. ``key`` signs our names; ``hosts`` are the installation's own; ``woken`` is told of mail.

    ``read``: makes a report of octets, never raises. ``find_key``: the text of a DKIM key record, None if there is
    none; raises `feedback.KeyUnavailable`.
    """

    db: database.Database
    now: Callable[[], datetime]
    key: bytes = field(repr=False)
    hosts: frozenset[str]
    read: Callable[[bytes], mail.IncomingReport]
    find_key: Callable[[str], Awaitable[str | None]]
    feedback_domains: Sequence[str] = FEEDBACK_DOMAINS
    lifetimes: feedback.Lifetimes = feedback.FOR_EVER
    woken: Callable[[], None] = lambda: None
    most_from_strangers: int = 1_000
    """Mails at an account's open addresses that prove nothing; the scheduler keeps half of them."""
