"""How TLS went, counted by day, domain and server, and the report that is made of it (RFC 8460)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sendwright.outbound.tls_policy import PolicyType, Result

_MOST = 20_000
"""Different lines kept between two writings. What comes beyond is not counted: reports are no ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is counted. `host` is the exchanger, empty where none was spoken to."""

    day: date
    domain: str
    type: PolicyType
    result: Result
    host: str = ""


Counts = Mapping[Line, int]


class Tally:
    """Counts in memory, until somebody writes them down."""

    def __init__(self) -> None:
        self._counts: Counter[Line] = Counter()

    def count(self, line: Line) -> None:
        """One session more."""
        if line in self._counts or len(self._counts) < _MOST:
            self._counts[line] += 1

    def take(self) -> Counts:
        """What was counted since the last time."""
        taken, self._counts = self._counts, Counter()
        return taken

    def give_back(self, counts: Counts) -> None:
        """They could not be written: they wait for the next time."""
        for line, count in counts.items():
            if line in self._counts or len(self._counts) < _MOST:
                self._counts[line] += count


Report = dict[str, object]


def report(counts: Counts, texts: Mapping[str, str], day: date, *, organization: str, contact: str) -> Report:
    """The JSON document of one day (RFC 8460 section 4.4), a policy for each domain and kind. `texts`: of MTA-STS.

    The policy domain of DANE is the server's own name (section 1.1).
    """
    lines = [line for line in counts if line.day == day]
    kinds = sorted({(line.type, _policy_domain(line)) for line in lines})
    return {
        "organization-name": organization,
        "date-range": {"start-datetime": f"{day}T00:00:00Z", "end-datetime": f"{day}T23:59:59Z"},
        "contact-info": contact,
        "report-id": f"{day}.{organization}",
        "policies": [
            _policy(type_, domain, {line: counts[line] for line in lines if _is_of(line, type_, domain)}, texts)
            for type_, domain in kinds
        ],
    }


def _is_of(line: Line, type_: PolicyType, domain: str) -> bool:
    return line.type is type_ and _policy_domain(line) == domain


def _policy_domain(line: Line) -> str:
    return line.host if line.type is PolicyType.TLSA and line.host else line.domain


def _policy(type_: PolicyType, domain: str, counts: Counts, texts: Mapping[str, str]) -> Report:
    described: Report = {"policy-type": type_.value, "policy-domain": domain}
    if type_ is PolicyType.STS and domain in texts:
        described["policy-string"] = [line.strip() for line in texts[domain].splitlines() if line.strip()]
    failed = sorted((line for line in counts if line.result is not Result.SUCCESS), key=lambda line: line.result)
    return {
        "policy": described,
        "summary": {
            "total-successful-session-count": _sum(counts, counts.keys() - set(failed)),
            "total-failure-session-count": _sum(counts, failed),
        },
        "failure-details": _details(counts, failed),
    }


def _sum(counts: Counts, lines: Iterable[Line]) -> int:
    return sum(counts[line] for line in lines)


def _details(counts: Counts, failed: Sequence[Line]) -> list[Report]:
    return [
        {
            "result-type": line.result.value,
            **({"receiving-mx-hostname": line.host} if line.host else {}),
            "failed-session-count": counts[line],
        }
        for line in failed
    ]
