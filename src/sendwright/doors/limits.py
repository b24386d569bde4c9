"""Rate limits: a rolling window per key, in memory, for this process."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

_MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a key has left. ``wait`` is None when the call may go ahead."""

    remaining: int
    wait: timedelta | None


class RollingLimit:
    """At most ``most`` calls of a key within any ``window``. 0 is no limit. Keys not heard of lately are forgotten."""

    def __init__(self, most: int, window: timedelta) -> None:
        self.most, self.window = most, window
        self._calls: OrderedDict[str, deque[datetime]] = OrderedDict()

    def take(self, key: str, now: datetime) -> Allowance:
        """Counts a call, unless the key has used up its share."""
        if self.most == 0:
            return Allowance(0, None)
        calls = self._calls.setdefault(key, deque())
        self._calls.move_to_end(key)
        if len(self._calls) > _MOST_KEYS:
            self._calls.popitem(last=False)
        while calls and calls[0] <= now - self.window:
            calls.popleft()
        if len(calls) >= self.most:
            return Allowance(0, calls[0] + self.window - now)
        calls.append(now)
        return Allowance(self.most - len(calls), None)
