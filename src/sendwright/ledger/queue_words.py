"""The words of the queue: on what terms a send waits, what holds a delivery, what is paused, who may not go now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class DuplicatePolicy(StrEnum):
    """What becomes of a delivery whose attempt broke off after the final dot: nobody knows whether it arrived."""

    RETRY = "retry"  # tried again after a while; it may arrive twice
    HOLD = "hold"  # held until a person decides; for codes and payments


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a sender asked for its send; None is the installation's default. ``give_up_after``: counted from accept."""

    duplicate_policy: DuplicatePolicy | None = None
    give_up_after: timedelta | None = None


USUAL = Terms()


class Hold(StrEnum):
    """Why a delivery is held."""

    OPERATOR = "operator"  # the operator said so
    ACCOUNT = "account"  # the account said so, and may let it go itself
    IN_DOUBT = "in_doubt"  # it may have arrived, and its sender asked that it is not repeated
    SUSPENDED = "suspended"  # its account is; let go by itself when the account may send again


class PauseKind(StrEnum):
    """What is paused."""

    ALL = "all"
    DOMAIN = "domain"
    SITE = "site"
    EGRESS = "egress"


EVERYBODY = 0
"""The account number of a pause that is for all accounts; no account has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Deliveries that match leave no more until ``until`` (None: until it is ended). ``account_id`` 0: of all accounts.

    ``name``: the domain (A-label), site or egress; "" for all.
    """

    account_id: int
    kind: PauseKind
    name: str
    reason: str
    since: datetime
    until: datetime | None


Lane = tuple[int, str, str]
"""Account (0: everybody), egress and domain: deliveries that go the same way to the same place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Barred:
    """Who has no turn now, for reasons that only the worker knows.

    ``domains`` have no room by any egress; ``room``: how many may begin in a lane, where that is known. ``foreign``:
    account and egress of another machine. ``suspended``: accounts whose mail is to be held.
    """

    domains: frozenset[str] = frozenset()
    room: Mapping[Lane, int] = field(default_factory=dict)
    foreign: frozenset[tuple[int, str]] = frozenset()
    suspended: frozenset[int] = frozenset()


NOBODY = Barred()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A delivery that is due, as far as is needed to choose."""

    account_id: int
    id: str
    egress: str
    domain: str
    site: str | None
    due: datetime
    send_id: str = ""


class Action(StrEnum):
    """What a person may do to deliveries."""

    RETRY = "retry"
    CANCEL = "cancel"
    HOLD = "hold"
    RELEASE = "release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which open deliveries are meant: those that match all that is given. ``account_id`` None: of all accounts."""

    account_id: int | None = None
    delivery_id: str | None = None
    send_id: str | None = None
    domain: str | None = None
    site: str | None = None
    egress: str | None = None
    state: str | None = None

    @property
    def is_of_one(self) -> bool:
        """Whether one delivery or one send is named: then what is in doubt is meant, too."""
        return self.delivery_id is not None or self.send_id is not None


Key = tuple[int, str]
"""Account and id: what lists page by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steered:
    """How many deliveries of a batch were changed (or would be), and after which key the next batch begins; None: none
    is left. ``sends``: how many sends were taken back before they had deliveries."""

    deliveries: int
    after: Key | None
    sends: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLoad:
    """What one worker does at one site by one egress. Rates are messages in a minute; None: no limit."""

    egress: str
    site: str
    connections: int
    allowed: int
    rate: float = 0.0
    allowed_rate: float | None = None
    resting_until: datetime | None = None
    why: str = ""
    refusal: str = ""
    refused_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLoad:
    """What a worker said of itself last."""

    worker: str
    seen: datetime
    in_flight: int
    sites: tuple[SiteLoad, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """What waits for one site by one egress. ``site`` is the domain while no attempt has named the site."""

    egress: str
    site: str
    states: Mapping[str, int]
    oldest: datetime
    next_due: datetime | None
    reason: str | None
    """One of the reasons why it waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An open delivery in a list. ``hold``: why it is held, if it is."""

    account_id: int
    id: str
    send_id: str
    recipient: str
    domain: str
    egress: str
    site: str | None
    stream: str
    state: str
    hold: Hold | None
    tries: int
    due: datetime | None
    accepted_at: datetime
    explanation: str | None
    paused: str | None = field(default=None)
    """Why its pause was made, if one keeps it."""
