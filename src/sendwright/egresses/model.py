"""The words of egresses: by what an account's mail leaves, in which pool, and how a new address is warmed up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Stream(StrEnum):
    """What kind of mail. Each has a pool of its own; an egress is in the pool of one stream only."""

    TRANSACTIONAL = "transactional"
    MARKETING = "marketing"
    ONE_TO_ONE = "one_to_one"


class Provider(StrEnum):
    """Who keeps the recipients' mailboxes. Stored; never renamed."""

    GMAIL = "gmail"
    MICROSOFT = "microsoft"
    YAHOO = "yahoo"
    APPLE = "apple"
    OTHER = "other"


class EgressState(StrEnum):
    """Whether mail may leave by it. A retired one stays for the record, and its name is not given again."""

    ACTIVE = "active"
    PAUSED = "paused"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAddress:
    """A source address with the name said at EHLO. `proxy`: `socks5://HOST:PORT` or `haproxy://HOST:PORT`, or None.

    `machine`: whose address it is; only processes there can use it, or, with a proxy, all.
    """

    ip: str
    ehlo_name: str
    machine: str
    proxy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """A server that takes the mail and passes it on. `url` holds its password: shown to nobody; `shown` has none."""

    url: str = field(repr=False)
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found. `fatal`: until it is put right the egress is unverified. `text`: what, and what to do.

    `unsure`: DNS did not answer, so nothing is known to be wrong. It is not kept.
    """

    fatal: bool
    text: str
    unsure: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What DNS and the machine said of an egress, and when."""

    at: datetime
    findings: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing stands against its use."""
        return not any(finding.fatal for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Egress:
    """By what mail leaves. `forced`: used even while it is unverified.

    `reason` and `paused_by`: why and by whom it was paused; what the operator paused, the account cannot resume.
    """

    account_id: int
    name: str
    means: OwnAddress | Relay
    state: EgressState
    created_at: datetime
    reason: str = ""
    paused_by: str = ""
    check: Check | None = None
    forced: bool = False

    @property
    def verified(self) -> bool:
        """Its last check passed. A relay needs no DNS of ours."""
        return isinstance(self.means, Relay) or (self.check is not None and self.check.passed)

    @property
    def usable(self) -> bool:
        """Whether mail may leave by it."""
        return self.state is EgressState.ACTIVE and (self.verified or self.forced)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An egress in a pool; the name "" is the installation's own way. A weight of 0: only when no other has room."""

    egress: str
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The egresses of one stream and their shares. `only_own`: never the installation's way; mail waits instead."""

    account_id: int
    stream: Stream
    name: str
    members: tuple[Member, ...]
    only_own: bool = False


class Overflow(StrEnum):
    """Where mail beyond the day's cap goes: to other members of the pool, or nowhere until there is room again."""

    POOL = "pool"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmup:
    """A plan for a new address: mails to each provider on each sending day. After the last day there is no cap."""

    account_id: int
    egress: str
    caps: tuple[int, ...]
    overflow: Overflow
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What an egress sent to a provider on one day (a number: days since 1970, UTC), and what came of it.

    `part`: the ten minutes of the day that were counted last, from 0; `begun_in_part`: how many began in them.
    """

    day: int
    begun: int = 0
    part: int = 0
    begun_in_part: int = 0
    delivered: int = 0
    deferred: int = 0
    bounced: int = 0
    complained: int = 0


Lane = tuple[str, Provider]
"""An egress and a provider: what a warm-up plan caps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All that is known of an account's ways out. `days`: of each egress that is warmed up, in order of the days."""

    account_id: int
    egresses: Mapping[str, Egress] = field(default_factory=dict)
    pools: Mapping[Stream, Pool] = field(default_factory=dict)
    warmups: Mapping[str, Warmup] = field(default_factory=dict)
    days: Mapping[Lane, Sequence[Day]] = field(default_factory=dict)


# --- the verdicts on where a delivery leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """By this egress. `grant`: what is to be counted in the transaction that begins it, if it is warmed up."""

    egress: str
    grant: Grant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """By the installation's own way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Not yet: there is room again at `until`. `why` is a sentence for a person."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One mail more under the cap of an egress for a provider."""

    account_id: int
    egress: str
    provider: Provider
    cap: int


Choice = Chosen | Own | Wait

# --- the progress of a warm-up, as people see it


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the warm-up for one provider is: the sending day (from 1), the cap of today, None once it is over.

    `trouble`: the bad signal for which today ended early.
    """

    provider: Provider
    sending_day: int
    cap: int | None
    today: Day
    history: tuple[Day, ...] = ()
    trouble: str | None = None
