"""Who is left alone, until when and why. Seconds of a monotonic clock are given; nothing is asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from sendwright.outbound.model import Answered, Outcome, Trouble, Unreachable

HOST_REST = 300.0
"""Seconds a host is left alone after it said 421 instead of a greeting."""
SITE_RESTS = (300.0, 600.0, 1200.0, 2400.0)
"""Seconds a site is left alone after none of its hosts could be reached, once, twice …"""
MOST_HOSTS_RESTING = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Until when (monotonic seconds), and why: the end of a sentence "it waits, because …"."""

    until: float
    why: str


@dataclass(slots=True, kw_only=True)
class Rests:
    """The rests of one site.

    `silence`: it cannot be reached; its messages go on by their own schedule and find that it rests. `stop`: it asked
    us to stay away, so nobody sets out. `slow`: it asked for less.
    """

    silence: Rest | None = None
    stop: Rest | None = None
    slow: Rest | None = None
    _hosts: dict[str, tuple[float, Answered]] = field(default_factory=dict)
    _silences: int = 0

    def host(self, host: str, said: Answered, now: float) -> None:
        """The host said 421 instead of a greeting."""
        self._hosts.pop(host, None)
        if len(self._hosts) >= MOST_HOSTS_RESTING:
            del self._hosts[next(iter(self._hosts))]
        self._hosts[host] = (now + HOST_REST, said)

    def silent(self, why: str, now: float) -> None:
        """None of its hosts could be reached; each time it rests longer, up to 40 minutes."""
        if self.silence is not None and self.silence.until > now:
            return
        rest = SITE_RESTS[min(self._silences, len(SITE_RESTS) - 1)]
        self._silences += 1
        self.silence = Rest(until=now + rest, why=why)

    def spoke(self) -> None:
        """A host could be reached."""
        self._silences = 0
        self.silence = None

    def of(self, host: str, now: float) -> Outcome | None:
        """Why the host is left alone now, if it is."""
        if self.silence is not None and self.silence.until > now:
            return Unreachable(who=host, trouble=Trouble.RESTING, detail=self.silence.why)
        until, said = self._hosts.get(host, (0.0, None))
        if until <= now:
            self._hosts.pop(host, None)
            return None
        return said

    def closed(self, hosts: Collection[str], now: float) -> Rest | None:
        """Why nobody should set out for any of these hosts now, if so."""
        if self.stop is not None and self.stop.until > now:
            return self.stop
        untils = [self._hosts[host][0] for host in hosts if host in self._hosts]
        if not hosts or len(untils) < len(hosts) or min(untils) <= now:
            return None
        return Rest(until=min(untils), why="its servers are too busy to talk to us")

    def now(self, hosts: Collection[str], now: float) -> Rest | None:
        """The rest that weighs most at present, for people to see."""
        closed = self.closed(hosts, now)
        silence = self.silence if self.silence is not None and self.silence.until > now else None
        slow = self.slow if self.slow is not None and self.slow.until > now else None
        return closed or silence or slow

    def any(self, now: float) -> bool:
        """Whether something need be remembered."""
        kept = [rest.until for rest in (self.silence, self.stop, self.slow) if rest is not None]
        return any(until > now for until in (*kept, *(until for until, _ in self._hosts.values())))
