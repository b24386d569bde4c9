"""How fast: messages a minute, evenly spread, never in a burst. Plain arithmetic over seconds that are given."""

from __future__ import annotations

from dataclasses import dataclass

FARTHEST = 3_600.0
"""No turn is promised later than so many seconds from now: who comes again then is told anew."""


@dataclass(slots=True, kw_only=True)
class Pace:
    """Turns at one site. `per_minute`: None is no limit.

    One turn is given, the next comes due an interval later, however long nobody came: nothing is saved up (pitfall 12).
    """

    per_minute: float | None = None
    _next: float = 0.0
    _promised: float = 0.0
    _minute: int = 0
    _this: int = 0
    _last: int = 0

    @property
    def interval(self) -> float:
        """Seconds from one turn to the next."""
        return 0.0 if self.per_minute is None else 60.0 / self.per_minute

    def wait(self, now: float) -> float:
        """Seconds until the next turn is due; 0: now."""
        return 0.0 if self.per_minute is None else max(0.0, self._next - now)

    def take(self, now: float) -> None:
        """A turn that is due is taken."""
        self._next = now + self.interval
        self._count(now)

    def promise(self, now: float) -> float:
        """Seconds until one who is turned away may come again: each gets a place of its own behind the others."""
        if self.per_minute is None:
            return 0.0
        first = max(self._next, now)
        self._promised = max(self._promised + self.interval, first)
        if self._promised > now + FARTHEST:
            self._promised = first
        return self._promised - now

    def change(self, per_minute: float | None, now: float) -> None:
        """Another speed from now on; the first turn at it comes after one interval."""
        self.per_minute = per_minute
        self._next, self._promised = now + self.interval, 0.0

    def measured(self, now: float) -> int:
        """About how many turns were taken in the last minute."""
        self._turn_page(now)
        return self._this + round(self._last * (1 - now % 60 / 60))

    def _count(self, now: float) -> None:
        self._turn_page(now)
        self._this += 1

    def _turn_page(self, now: float) -> None:
        minute = int(now // 60)
        if minute != self._minute:
            self._last = self._this if minute == self._minute + 1 else 0
            self._minute, self._this = minute, 0
