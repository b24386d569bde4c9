"""Terms as senders write them, in a header field of a mail or of a request."""

from __future__ import annotations

import re
from datetime import timedelta

from sendwright.ledger.queue_words import DuplicatePolicy

SHORTEST_LIFE = timedelta(minutes=5)
LONGEST_LIFE = timedelta(hours=120)

_SPAN = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?", re.IGNORECASE)


def read_policy(text: str) -> DuplicatePolicy:
    """``retry`` or ``hold``. ``ValueError`` says what to write."""
    try:
        return DuplicatePolicy(text.strip().lower())
    except ValueError as fault:
        raise ValueError("say retry or hold") from fault


def read_give_up_after(text: str) -> timedelta:
    """A span as ISO 8601 writes it, such as PT30M or P2D. ``ValueError`` says what to write."""
    found = _SPAN.fullmatch(text.strip())
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not SHORTEST_LIFE <= span <= LONGEST_LIFE:
        raise ValueError("give a time from PT5M to PT120H, such as PT30M")
    return span
