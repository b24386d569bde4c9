"""Decisions about tokens and sessions: from facts and ``now`` to a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum

from sendwright.accounts.model import ALL_SCOPES, ApiToken, Session, SmtpToken

SESSION_IDLE = timedelta(hours=12)
SESSION_AT_MOST = timedelta(days=7)
NOTE_USE_EVERY = timedelta(minutes=10)
WARN_DAYS_BEFORE = (30, 7)
"""How many days before an SMTP token expires its account is warned."""


class TokenVerdict(Enum):
    """What a presented bearer secret is worth."""

    GOOD = "good"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    EXPIRED = "expired"


def judge_token(token: ApiToken | None, now: datetime) -> TokenVerdict:
    """A revoked token stays revoked though it has also expired."""
    if token is None:
        return TokenVerdict.UNKNOWN
    if token.revoked_at is not None:
        return TokenVerdict.REVOKED
    if token.expires_at is not None and token.expires_at <= now:
        return TokenVerdict.EXPIRED
    return TokenVerdict.GOOD


def is_open(session: Session, now: datetime) -> bool:
    """A session ends when it lies idle, and in any case some days after the login."""
    return now < session.used_at + SESSION_IDLE and now < session.created_at + SESSION_AT_MOST


def is_use_worth_noting(last: datetime | None, now: datetime) -> bool:
    """Uses are noted coarsely: a write for every request would cost more than the request."""
    return last is None or now >= last + NOTE_USE_EVERY


def read_scopes(wanted: Iterable[str]) -> frozenset[str]:
    """The scopes named, ``all`` standing for every one. Raises ``ValueError`` naming those that do not exist."""
    names = frozenset(wanted)
    if names == {"all"}:
        return frozenset(ALL_SCOPES)
    unknown = sorted(names.difference(ALL_SCOPES))
    if unknown:
        raise ValueError(f"no such scope: {', '.join(unknown)}. There are: {', '.join(ALL_SCOPES)}")
    return names


def has_expired(token: SmtpToken, now: datetime) -> bool:
    """Whether the token's time is over, be it deleted yet or not."""
    return token.expires_at is not None and token.expires_at <= now


def warning_due(token: SmtpToken, now: datetime) -> int:
    """The warning to give now, named by its days (30 or 7); 0 for none. A later one stands for those it overtook."""
    if token.expires_at is None:
        return 0
    reached = [days for days in WARN_DAYS_BEFORE if token.expires_at <= now + timedelta(days=days)]
    latest = min(reached, default=0)
    return latest if token.warned == 0 or latest < token.warned else 0


def a_year_after(moment: datetime) -> datetime:
    """Twelve months later by the calendar; a leap day's anniversary is the last of February."""
    try:
        return moment.replace(year=moment.year + 1)
    except ValueError:
        return moment.replace(year=moment.year + 1, day=28)


def days_left(token: SmtpToken, now: datetime) -> int | None:
    """Whole days until the token expires, where that is soon enough to be said; None otherwise."""
    if token.expires_at is None or token.expires_at > now + timedelta(days=max(WARN_DAYS_BEFORE)):
        return None
    return max((token.expires_at - now) // timedelta(days=1), 0)
