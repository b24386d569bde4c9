"""The clock: the only place that asks the system what time it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Aware, UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the Clock

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic()

    @staticmethod
    def since_boot() -> float:
        """Seconds since some moment; never goes back, and goes on while the machine sleeps."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)
