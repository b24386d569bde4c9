"""``python -m tests.fuzz TARGET [--seconds N] [--seed N]``: prints one JSON line: target, how, executions, findings."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import random
import sys
import time
from pathlib import Path

from tests.fuzz.mutate import mutated
from tests.fuzz.targets import TARGETS, Target

SLOW = 1.0
"""Processor seconds that one input of 100 kB may take."""


def main() -> int:
    """The exit code: 1 when something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--found", type=Path, default=Path("var/fuzz"), help="where inputs that fail are written")
    asked = parser.parse_args()
    target = TARGETS[asked.target]
    if importlib.util.find_spec("atheris") is not None:
        return _by_coverage(asked.target, target, asked.seconds)
    count, findings = by_mutation(target, seconds=asked.seconds, seed=asked.seed, keep=asked.found / asked.target)
    _tell(target=asked.target, how="mutation", executions=count, findings=findings)
    return int(bool(findings))


def by_mutation(target: Target, *, seconds: float, seed: int, keep: Path) -> tuple[int, list[str]]:
    """How many inputs were tried, and what was found: a file and a reason for each."""
    chance, seeds, findings, count = random.Random(seed), target.seeds(), list[str](), 0
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and len(findings) < 20:
        octets = mutated(chance, seeds)
        fault = fault_of(target, octets)
        count += 1
        if fault is not None:
            findings.append(f"{_kept(keep, octets)}: {fault}")
    return count, findings


def fault_of(target: Target, octets: bytes) -> str | None:
    """Why this input is a finding, if it is one."""
    began = time.process_time()
    try:
        target.run(octets)
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is what we look for
        return f"{type(fault).__name__}: {fault}"
    took = time.process_time() - began
    return f"took {took:.1f} s" if took > SLOW else None


def _by_coverage(name: str, target: Target, seconds: int) -> int:
    import atheris  # type: ignore[import-not-found,unused-ignore]

    seeds = Path("var/fuzz") / f"{name}.seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    for octets in target.seeds():
        (seeds / hashlib.sha256(octets).hexdigest()[:16]).write_bytes(octets)
    atheris.instrument_all()
    words = [
        sys.argv[0],
        str(seeds),
        f"-max_total_time={seconds}",
        "-max_len=100000",
        "-timeout=5",
        "-rss_limit_mb=2048",
    ]
    atheris.Setup(words, target.run)
    atheris.Fuzz()
    return 0


def _kept(place: Path, octets: bytes) -> str:
    place.mkdir(parents=True, exist_ok=True)
    file = place / hashlib.sha256(octets).hexdigest()[:16]
    file.write_bytes(octets)
    return str(file)


def _tell(**words: object) -> None:
    print(json.dumps(words))  # noqa: T201 - the result


if __name__ == "__main__":
    sys.exit(main())
