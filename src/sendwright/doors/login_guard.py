"""Who may try to log in (attack A6): failures counted by network, by user name and in all.

A token's secret has 160 random bits: it cannot be guessed, so nothing here protects the secret. It protects us from the
work of guessers, and everybody else from being locked out by them: whoever comes from a network without failures is
always heard.

Facts and `now` in, a verdict out; `now` is in seconds of a clock that never goes back.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from hashlib import blake2b

_MOST_KEPT = 10_000
"""Networks, names and friends remembered; the longest silent are forgotten first. A few MB when full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How many failures are borne, and for how long one counts, in seconds.

    `network`: a program with an old password, tried by each of its workers, stays below 20 in ten minutes if it heeds
    the answer. `name`: a token that fails a hundred times in that time is being attacked from many places. `in_all`:
    a thousand a minute is a flood. Under attack a network is heard until its first failure.
    """

    network: int = 20
    name: int = 100
    window: float = 600.0
    in_all: int = 1_000
    minute: float = 60.0
    under_attack: int = 1


class Tally:
    """Moments by key, as many as could matter, the oldest first."""

    __slots__ = ("_enough", "_moments", "_window")

    def __init__(self, enough: int, window: float) -> None:
        self._enough, self._window = enough, window
        self._moments: OrderedDict[bytes, deque[float]] = OrderedDict()

    def count(self, key: bytes, now: float) -> int:
        """How often within the window, no more than `enough`."""
        moments = self._moments.get(key)
        if moments is None:
            return 0
        while moments and moments[0] <= now - self._window:
            moments.popleft()
        if not moments:
            del self._moments[key]
        return len(moments)

    def add(self, key: bytes, now: float) -> None:
        moments = self._moments.get(key)
        if moments is None:
            moments = self._moments[key] = deque(maxlen=self._enough)
        moments.append(now)
        self._moments.move_to_end(key)
        if len(self._moments) > _MOST_KEPT:
            self._moments.popitem(last=False)

    def __len__(self) -> int:
        return len(self._moments)


class LoginGuard:
    """Ask `may_try` before the password is looked at, then tell what came of it."""

    def __init__(self, tolerance: Tolerance | None = None) -> None:
        self._tolerance = tolerance = tolerance or Tolerance()
        self._networks = Tally(tolerance.network, tolerance.window)
        self._names = Tally(tolerance.name, tolerance.window)
        self._in_all = Tally(tolerance.in_all, tolerance.minute)
        self._friends: OrderedDict[tuple[bytes, bytes], None] = OrderedDict()

    def may_try(self, network: str, name: str, now: float) -> bool:
        """Whether the password may be looked at. Never false for a network without failures."""
        failures = self._networks.count(network.encode(), now)
        if not failures or (network.encode(), _short(name)) in self._friends:
            return True
        return failures < self._allowed(name, now)

    def failed(self, network: str, name: str, now: float) -> bool:
        """Counts a wrong name or password; whether the network may not try again for now."""
        self._friends.pop((network.encode(), _short(name)), None)
        self._networks.add(network.encode(), now)
        self._names.add(_short(name), now)
        self._in_all.add(b"", now)
        return not self.may_try(network, name, now)

    def succeeded(self, network: str, name: str) -> None:
        """Whoever had the right password here is heard here, though a neighbour has lost his; until a failure."""
        friend = (network.encode(), _short(name))
        self._friends[friend] = None
        self._friends.move_to_end(friend)
        if len(self._friends) > _MOST_KEPT:
            self._friends.popitem(last=False)

    def _allowed(self, name: str, now: float) -> int:
        tolerance = self._tolerance
        is_flood = self._in_all.count(b"", now) >= tolerance.in_all
        if is_flood or self._names.count(_short(name), now) >= tolerance.name:
            return tolerance.under_attack
        return tolerance.network


def _short(name: str) -> bytes:
    """Names come from strangers and may be long; a digest costs the same for each."""
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
