"""Accepting: single sends answered after their commit, beside a bare Starlette that stores one durable row.

The serving process has the role ``http`` alone, so nothing is composed or delivered meanwhile.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench import machine, receipt
from bench.load import Job
from bench.programs import run_load, running
from bench.report import Report, compare
from bench.rounds import Plan, Sample, interleave
from bench.shop import open_shop

_TARGET, _STRETCH = 0.5, 0.8


def run(plan: Plan) -> Report:
    """With 20 and with 100 connections."""
    report = Report(title="accept: POST of 1 KB JSON, answered when it is on disk (SQLite, synchronous=FULL)")
    shop = open_shop(plan.place / "ours")
    peer_command = [sys.executable, "-m", "bench.peers.skeleton", str(plan.place / "peer.db")]
    with shop.served(route="sandbox", roles="http") as served, running(peer_command) as (peer, ready):
        requests = receipt.small_sends(shop.token, served.publish_receipt())
        for connections in (20, 100):
            ours = _contender(served.port, served.pid, connections, requests, plan.seconds)
            bare = _contender(int(ready["port"]), peer.pid, connections, requests, plan.seconds)
            ours(), bare()
            rounds = interleave(plan, {"ours": ours, "bare Starlette": bare})
            report.take(rounds)
            name = f"{connections} connections"
            report.figures.append(compare(rounds, name, "ours", "bare Starlette", _TARGET, _STRETCH))
    report.notes.append("the peer validates with pydantic and writes one row by one writer thread, with group commit")
    return report


def _contender(port: int, pid: int, connections: int, requests: list[str], seconds: float) -> Callable[[], Sample]:
    job = Job(ports=[port], connections=connections, requests=requests, status=200, seconds=seconds)
    return lambda: timed_load(job, pid)


def timed_load(job: Job, pid: int) -> Sample:
    """One run of the load generator against a process."""
    before = machine.cpu_seconds(pid)
    result = run_load(job)
    return Sample(
        rate=result.answers / result.seconds,
        cpu_us=(machine.cpu_seconds(pid) - before) / result.answers * 1e6,
        p50_ms=result.p50_ms,
        p99_ms=result.p99_ms,
    )
