"""The words of feedback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

STREAMS = ("transactional", "marketing", "one_to_one")


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
    until: datetime | None = None
    """From when on it is not honoured any more; None: it stands until it is lifted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionFilter:
    """Which suppressions are asked for; None asks for all. ``search``: a piece of the address, in any case."""

    stream: str | None = None
    cause: Cause | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """For how long a suppression stands, by its cause; None: until it is lifted."""

    bounced: timedelta | None = None
    complained: timedelta | None = None

    def until(self, cause: Cause, since: datetime) -> datetime | None:
        """When one that begins now ends."""
        lifetime = {Cause.BOUNCED: self.bounced, Cause.COMPLAINED: self.complained}.get(cause)
        return None if lifetime is None else since + lifetime


FOR_EVER = Lifetimes()


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftFailure:
    """A mail that failed for good, for a reason that is not the address's fault, or may pass. ``key``: the address."""

    account_id: int
    stream: str
    key: str
    at: datetime
    reason: str
    send_id: str
    """Each send counts once."""
    until: datetime | None = None
    """When the suppression ends that it may lead to; None: when it is lifted."""


ReportId = NewType("ReportId", str)
"""A UUID of version 7: reports sort by when they came."""

NOBODY = 0
"""The account of what came to an address of the whole installation: only the operator sees it."""


class Addressed(StrEnum):
    """To which kind of address of ours a mail came."""

    RETURN_PATH = "return_path"
    FEEDBACK = "feedback"
    POSTMASTER = "postmaster"


class Finding(StrEnum):
    """What a report turned out to be."""

    WAITING = "waiting"  # stored, not understood yet
    BOUNCED = "bounced"  # a mail of ours failed after it was taken
    COMPLAINED = "complained"  # its reader called a mail of ours spam
    REPEATED = "repeated"  # true, but its mail had such a report before
    IGNORED = "ignored"  # true, and nothing follows: a delay, an absence
    UNATTRIBUTED = "unattributed"  # not proven, or of nothing that we sent


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReport:
    """A mail that came back, as it is stored before anybody is told that it was taken.

    ``recipient``: the address of ours that it came to. ``delivery_id``: what a return path names. ``raw`` is the
    beginning of the mail; ``size_bytes`` is the size of all of it.
    """

    account_id: int
    id: ReportId
    received: datetime
    addressed: Addressed
    recipient: str
    mail_from: str
    helo: str
    ip: str
    tls: str | None
    delivery_id: str | None
    size_bytes: int
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What was made of a report, and why, in a sentence. ``about``: the address of the recipient, if any."""

    finding: Finding
    why: str
    send_id: str | None = None
    about: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundReport:
    """A stored report, without its octets."""

    account_id: int
    id: ReportId
    received: datetime
    addressed: Addressed
    recipient: str
    mail_from: str
    helo: str
    ip: str
    tls: str | None
    delivery_id: str | None
    size_bytes: int
    finding: Finding
    why: str
    send_id: str | None
    about: str | None
    understood_at: datetime | None
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFilter:
    """Which reports are asked for; None asks for all."""

    finding: Finding | None = None
    send_id: str | None = None
    about: str | None = None
