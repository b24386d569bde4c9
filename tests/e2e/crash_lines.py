"""What a run of the crash matrix came to: a line of JSON, the rules, and the sum of many lines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sendwright.failpoints import POINTS

ANY = "any"
"""Instead of a point: killed at any moment, with many deliveries in flight."""
PAST_THE_DOT = frozenset({"S5", "S6"})
REPORTS = frozenset({"B1", "B2"})
LEASE_SECONDS = 5.0
_MOST_TAKEOVER = LEASE_SECONDS + 10.0
_MOST_RESUMED = 5.0
_COUNTS = (
    "kills", "accepted", "delivered", "canceled", "reports", "lost", "duplicates", "late", "unexplained", "in_doubt",
    "bystanders",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one run came to. Times in seconds, each the longest of the run's; None where none was measured."""

    commit: str
    backend: str
    seed: int
    point: str
    kills: int
    accepted: int
    delivered: int
    canceled: int
    """Sends of which the API said that they are."""
    reports: int
    """Bounces that were taken, each of which must be understood once."""
    duplicates: int
    late: int
    """Duplicates whose every copy has its recorded answer: a busy machine let a lease run out, no kill did it."""
    unexplained: int
    lost: int
    in_doubt: int
    bystanders: int
    """Programs that were killed together with the one that died at the point."""
    strange: list[str]
    faults: list[str]
    resumed: float | None
    """From a kill to the next mail that arrived."""
    takeover: float | None
    """From the death of one of several to the moment when nothing was leased to it any more."""
    seconds: float

    @property
    def broken(self) -> list[str]:
        """The rules that it breaks, as sentences."""
        may_double = self.point in PAST_THE_DOT or self.point == ANY or self.bystanders > 0
        found = {
            f"{self.lost} lost": self.lost > 0,
            f"{self.unexplained} duplicates without an attempt in doubt": self.unexplained > 0,
            f"{self.duplicates} duplicates, where none may be": self.duplicates > self.late and not may_double,
            f"more duplicates ({self.duplicates}) than attempts in doubt": self.duplicates - self.late > self.in_doubt,
            f"strange answers: {self.strange[:3]}": bool(self.strange),
            f"the books do not balance: {self.faults[:3]}": bool(self.faults),
            "nothing was accepted": self.accepted == 0 and self.point != "M2",
            "nothing was canceled": self.canceled == 0 and self.point == "T2",
            "no report was taken": self.reports == 0 and self.point in REPORTS,
        }
        return self._sentences(found)

    @property
    def slow(self) -> list[str]:
        """The limits of time that it passes, as sentences: what a busy machine can do, and a kill must not."""
        alone = self.backend == "sqlite"
        return self._sentences(
            {
                f"the first mail after a kill took {self.resumed} s": alone and (self.resumed or 0) > _MOST_RESUMED,
                f"the others took over after {self.takeover} s": (self.takeover or 0) > _MOST_TAKEOVER,
            }
        )

    @property
    def shown(self) -> str:
        """As JSON."""
        told = {"where": POINTS.get(self.point, "any moment"), "broken": self.broken, "slow": self.slow}
        return json.dumps(asdict(self) | told)

    def _sentences(self, found: Mapping[str, bool]) -> list[str]:
        return [f"{self.backend} {self.point}: {sentence}" for sentence, is_so in found.items() if is_so]


def summary(backend: str, lines: Sequence[Line]) -> str:
    """The sum of the lines of one backend, as JSON."""
    told: dict[str, object] = {"summary": backend, "commit": lines[0].commit, "runs": len(lines)}
    told |= {name: sum(getattr(line, name) for line in lines) for name in _COUNTS}
    told |= {
        name: max((getattr(line, name) for line in lines if getattr(line, name) is not None), default=None)
        for name in ("resumed", "takeover")
    }
    told |= {"seconds": round(sum(line.seconds for line in lines), 1)}
    told |= {name: [each for line in lines for each in getattr(line, name)] for name in ("broken", "slow")}
    return json.dumps(told)
