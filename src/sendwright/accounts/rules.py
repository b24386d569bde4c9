"""Decisions about tokens and sessions: from facts and ``now`` to a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum

from sendwright.accounts.model import ALL_SCOPES, ApiToken, Session

SESSION_IDLE = timedelta(hours=12)
SESSION_AT_MOST = timedelta(days=7)
NOTE_USE_EVERY = timedelta(minutes=10)


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
