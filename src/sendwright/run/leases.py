"""How long this process may still believe that a delivery is its own, without asking the database.

Leases are the database's: it measures them by its own clock. A process that was frozen, or cut off from the database,
cannot know what the database thinks by now, so it keeps a deadline of its own that is never later than the database's:
counted from before the claim was asked, on a clock that also counts while the machine sleeps. Shortly before the
deadline it writes no final dot any more: what is not there yet must not begin to arrive while another worker has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

RowKey = tuple[int, str]
"""Account and id of a delivery."""

MARGIN: Final = 30.0
"""Seconds of the lease that must be left for the final dot; of a lease below two minutes a quarter."""
_SHARE: Final = 4


class Leases:
    """The deadlines of what is in hand. ``clock``: seconds since some moment, never back, counting through sleep."""

    def __init__(self, lease: timedelta, clock: Callable[[], float]) -> None:
        self._lease = lease.total_seconds()
        self._margin = min(MARGIN, self._lease / _SHARE)
        self._clock = clock
        self._until: dict[RowKey, float] = {}

    def asked(self) -> float:
        """To be noted before a claim or a renewal is asked for: the lease it gives began no earlier."""
        return self._clock()

    def took(self, keys: Iterable[RowKey], asked: float) -> None:
        """These were leased to us."""
        self._until.update(dict.fromkeys(keys, asked + self._lease))

    def renewed(self, keys: Iterable[RowKey], asked: float) -> None:
        """The database has answered a renewal of these.

        It does not say which of them were still ours. Those whose deadline has not passed were, as ours is the earlier
        one; of the others nothing is known, and they stay lost.
        """
        now = self._clock()
        self._until = {key: until for key, until in self._until.items() if until > now}
        self._until.update((key, asked + self._lease) for key in keys if key in self._until)

    def let_go(self, key: RowKey) -> None:
        """Its turn is over."""
        self._until.pop(key, None)

    def suffices(self, key: RowKey) -> bool:
        """Whether enough of the lease is left for a final dot."""
        return self._clock() + self._margin <= self._until.get(key, 0.0)
