"""The words of feedback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Cause(StrEnum):
    """Why an address is not mailed."""

    BOUNCED = "bounced"  # its server said that it does not exist
    COMPLAINED = "complained"  # its owner called such a mail spam
    BLOCKED = "blocked"  # the operator or the account blocked the whole domain


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address that is not mailed. ``key``: ``mail.Address.key``, or ``@domain`` (A-label) for a whole domain."""

    account_id: int
    stream: str
    key: str
    cause: Cause
    since: datetime
    explanation: str
    """What happened, in a sentence that a person can judge."""
    evidence: Mapping[str, str] = field(default_factory=dict)
    """The send, the reply: whatever proves it."""
