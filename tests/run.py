"""Runs all tests and ends with one line, ``N passed``. Says which could not run here and what to install for them.

Branch coverage is measured on the way; what it must be is in ``FLOORS``, and measuring nothing is a failure too.
With arguments (``tests/run.py tests/ledger -k settle``) it passes them to pytest and measures nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
REPORT = ROOT / "var" / "tests"
MEMORY = Path("/dev/shm")  # noqa: S108 - where files are memory: thousands of small databases need no disk

FLOORS = {
    "src/sendwright/mail/": 100.0,
    "src/sendwright/smtp/": 100.0,
    "src/sendwright/hubl/": 100.0,
    "/rules.py": 100.0,
    "src/sendwright/": 90.0,
}
"""Branch coverage in percent, of all files together whose path holds the text."""


def main(arguments: list[str]) -> int:
    """The exit code: that of the tests, or 1 if coverage is below a floor."""
    shutil.rmtree(REPORT, ignore_errors=True)
    REPORT.mkdir(parents=True)
    code, counts = _run_tests(arguments)
    faults = [] if arguments else _coverage_faults()
    for fault in faults:
        _say(fault)
    failed = counts.get("failed", 0) + counts.get("error", 0) + len(faults)
    parts = [(counts.get("passed", 0), "passed"), (failed, "failed"), (counts.get("skipped", 0), "skipped")]
    _say(", ".join(f"{count} {word}" for count, word in parts if count or word == "passed"))
    return code or int(bool(faults))


def _run_tests(arguments: list[str]) -> tuple[int, dict[str, int]]:
    workers = os.environ.get("SENDWRIGHT_TEST_WORKERS") or str(_workers())
    options = ["-q", "-n", workers, "--dist", "loadgroup", f"--junitxml={REPORT / 'tests.xml'}", *_in_memory()]
    measured = [] if arguments else ["--cov", "--cov-report=", "--cov-branch"]
    process = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *measured, *arguments],
        cwd=ROOT, env={**os.environ, "COVERAGE_FILE": str(REPORT / "coverage")}, check=False,
    )  # fmt: skip
    return process.returncode, _counts()


def _workers() -> int:
    """Half as many again as there are cores: many tests wait for a disk, a clock or a program that starts."""
    return max(2, len(os.sched_getaffinity(0)) * 3 // 2)


def _in_memory() -> list[str]:
    return [f"--basetemp={MEMORY / f'sendwright-tests-{os.getpid()}'}"] if os.access(MEMORY, os.W_OK) else []


def _counts() -> dict[str, int]:
    report = REPORT / "tests.xml"
    if not report.exists():
        return {"error": 1}
    head = report.read_text(errors="replace")[:2000]
    found = {word: int(number) for word, number in re.findall(r'\b(errors|failures|skipped|tests)="(\d+)"', head)}
    bad = found.get("errors", 0) + found.get("failures", 0)
    passed = found.get("tests", 0) - bad - found.get("skipped", 0)
    return {"passed": passed, "failed": bad, "skipped": found.get("skipped", 0)}


def _coverage_faults() -> list[str]:
    """Floors that are not reached, as sentences."""
    report = REPORT / "coverage.json"
    subprocess.run(
        [sys.executable, "-m", "coverage", "json", "--quiet", "-o", str(report)],
        cwd=ROOT, env={**os.environ, "COVERAGE_FILE": str(REPORT / "coverage")}, check=False,
    )  # fmt: skip
    if not report.exists():
        return ["coverage measured nothing"]
    files = json.loads(report.read_text())["files"]
    return [fault for text, floor in FLOORS.items() if (fault := _below(files, text, floor))]


def _below(files: dict[str, dict[str, dict[str, float]]], text: str, floor: float) -> str | None:
    chosen = [entry["summary"] for path, entry in files.items() if text in path]
    possible = sum(s["num_statements"] + s["num_branches"] for s in chosen)
    if not possible:
        return f"coverage measured nothing of {text}"
    reached = sum(s["covered_lines"] + s["covered_branches"] for s in chosen) / possible * 100
    _say(f"coverage of {text}: {reached:.2f} % (floor {floor:.0f} %)")
    return f"coverage of {text} is {reached:.2f} %: below {floor:.0f} %" if reached < floor else None


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
