"""``python -m bench [accept|whole|memory|delivery …] [--rounds N] [--seconds S] [--quick] [--json]``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from bench import (
    accept,
    delivery,
    delivery_sites,
    delivery_two,
    memory,
    redirect,
    submission_accept,
    submission_relay,
    submission_weight,
    whole,
)
from bench.programs import Missing
from bench.report import Report
from bench.rounds import Plan
from sendwright.run import logs

_ALL: dict[str, ModuleType] = {
    "accept": accept,
    "whole": whole,
    "redirect": redirect,
    "memory": memory,
    "delivery": delivery,
    "delivery-sites": delivery_sites,
    "delivery-two": delivery_two,
    "submission-accept": submission_accept,
    "submission-relay": submission_relay,
    "submission-weight": submission_weight,
}
"""A name stands also for all that begin with it and a dash."""


def main() -> int:
    """0 when all that can run here did run, whatever the figures; people judge those."""
    wanted = _arguments()
    signal.signal(signal.SIGTERM, _end)
    logs.set_up("error")
    reports = []
    say: Callable[[str], None] = (lambda _: None) if wanted.json else (lambda text: print(text, flush=True))
    say(
        f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}; "
        f"{wanted.rounds} rounds of {wanted.seconds:g} s"
    )
    for name in _chosen(wanted.benchmarks):
        report = _run(name, wanted.rounds, wanted.seconds)
        reports.append(report)
        say(f"\n{report.as_text()}")
    if wanted.json:
        print(json.dumps([report.as_json() for report in reports], indent=1))
    return any(report.failed for report in reports)


def _run(name: str, rounds: int, seconds: float) -> Report:
    with tempfile.TemporaryDirectory(prefix="sendwright-bench-", ignore_cleanup_errors=True) as place:
        try:
            found: Report = _ALL[name].run(Plan(place=Path(place), rounds=rounds, seconds=seconds))
        except Missing as missing:
            return Report(title=name, notes=[f"left out: {missing}"])
        except Exception as fault:  # noqa: BLE001 - the other benchmarks go on
            return Report(title=name, failed=f"{type(fault).__name__}: {fault}")
        return found


def _chosen(names: Sequence[str]) -> list[str]:
    """All without any."""
    return [each for each in _ALL if not names or any(f"{each}-".startswith(f"{name}-") for name in names)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Benchmarks beside peers and limits.")
    parser.add_argument("benchmarks", nargs="*", metavar="|".join(_ALL), help="which; all without any")
    parser.add_argument("--rounds", type=int, help="how often everything is repeated (5; 2 with --quick)")
    parser.add_argument("--seconds", type=float, help="how long one contender runs in a round (2.5; 1 with --quick)")
    parser.add_argument("--quick", action="store_true", help="a look, not a figure")
    parser.add_argument("--json", action="store_true", help="for programs")
    wanted = parser.parse_args()
    for name in wanted.benchmarks:
        if not _chosen([name]):
            parser.error(f"there is no benchmark {name!r}: give some of {', '.join(_ALL)}")
    wanted.rounds = max(wanted.rounds or (2 if wanted.quick else 5), 1)
    wanted.seconds = max(wanted.seconds or (1.0 if wanted.quick else 2.5), 0.2)
    return wanted


def _end(*_: object) -> NoReturn:
    """As if it came to its end: all that was started is ended too."""
    sys.exit(143)


if __name__ == "__main__":
    sys.exit(main())
