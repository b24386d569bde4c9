"""How much a token and an account may submit: token buckets in memory, for this process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta

_MINUTE = timedelta(minutes=1)
_MOST = 10_000


class Buckets:
    """At most ``per_minute`` in any minute on average, and so many at a stretch. 0 is no limit."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._levels: OrderedDict[Hashable, tuple[float, datetime]] = OrderedDict()

    def wait(self, key: Hashable, now: datetime) -> timedelta | None:
        """How long until one more may come; None when it may come now."""
        if self._per_minute == 0:
            return None
        left = self._left(key, now)
        return None if left >= 1 else _MINUTE * ((1 - left) / self._per_minute)

    def take(self, key: Hashable, count: int, now: datetime) -> None:
        """Counts what was taken; a mail to many may overdraw, and is paid for by waiting."""
        if self._per_minute == 0:
            return
        self._levels[key] = (self._left(key, now) - count, now)
        self._levels.move_to_end(key)
        if len(self._levels) > _MOST:
            self._levels.popitem(last=False)

    def _left(self, key: Hashable, now: datetime) -> float:
        level, at = self._levels.get(key, (float(self._per_minute), now))
        refilled = level + self._per_minute * max((now - at) / _MINUTE, 0.0)
        return min(refilled, float(self._per_minute))


class Throttle:
    """Both limits together, counted in messages: each recipient is one."""

    def __init__(self, per_token: int = 0, per_account: int = 0) -> None:
        self._tokens, self._accounts = Buckets(per_token), Buckets(per_account)

    def wait(self, key: tuple[int, str], now: datetime) -> timedelta | None:
        """``key``: account and token."""
        waits = [wait for wait in (self._tokens.wait(key, now), self._accounts.wait(key[0], now)) if wait is not None]
        return max(waits, default=None)

    def take(self, key: tuple[int, str], count: int, now: datetime) -> None:
        """Counts so many messages."""
        self._tokens.take(key, count, now)
        self._accounts.take(key[0], count, now)
