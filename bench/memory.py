"""Memory of one idle process with all roles."""

from __future__ import annotations

from time import sleep

from bench import machine
from bench.report import Figure, Report
from bench.rounds import Plan
from bench.shop import open_shop

_TARGET_MB = 120
_REST_SECONDS = 2.0


def run(plan: Plan) -> Report:
    """Some seconds after it opened its doors."""
    report = Report(title="memory: one idle process, all roles, SQLite")
    shop = open_shop(plan.place / "ours")
    with shop.served(route="sandbox") as served:
        sleep(_REST_SECONDS)
        rss, pss = machine.memory_mb(served.pid)
    report.figures.append(
        Figure(name="RSS, MB", ours=f"{rss:.1f} MB", peer=f"PSS {pss:.1f} MB", ratios=[rss], target=_TARGET_MB,
            at_most=True)
    )  # fmt: skip
    return report
