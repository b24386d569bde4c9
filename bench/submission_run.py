"""How a contender of the submission benchmarks is run, and what the load generator itself costs."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from statistics import median
from time import perf_counter

from bench.programs import Failed, Program, running
from bench.report import Figure
from bench.rounds import Rounds, Sample, middle
from bench.submission_load import Job, Result
from bench.submission_sink import Sink

GENERATOR = (sys.executable, "-m", "bench.submission_load")
"""The command of the load generator."""
_SOURCE_MAILS = 4000
_WARM_UP = 200


@dataclass(slots=True, kw_only=True)
class Generator:
    """Runs jobs, and remembers what they cost the generator: that CPU is missing to everybody on two cores."""

    costs: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """µs for a mail, run by run, by what the runs are called."""
    mails: Counter[str] = field(default_factory=Counter)
    """How many were accepted, by the same names."""

    def send(self, job: Job, called: str) -> Result:
        """One job. Raises :class:`Failed` when any reply was not the one that was expected."""
        with running(GENERATOR, ready=False) as (program, _):
            program.tell(asdict(job))
            result = hear(program, job, called)
        self.costs[called].append(result.cpu_us)
        self.mails[called] += result.accepted
        return result

    def accepting(self, job: Job, called: str, cpu: Callable[[], float]) -> Callable[[], Sample]:
        """A contender that only takes mail. ``cpu``: the seconds that its processes used so far."""

        def sample() -> Sample:
            before = cpu()
            result = self.send(job, called)
            return Sample(
                rate=result.accepted / result.seconds,
                cpu_us=(cpu() - before) / result.accepted * 1e6,
                p50_ms=result.p50_ms,
                p99_ms=result.p99_ms,
            )

        return sample

    def relaying(
        self, job: Job, called: str, cpu: Callable[[], float], arrived: Callable[[int], float], seconds: float
    ) -> Callable[[], Sample]:
        """A contender that hands on. ``arrived`` is told how many were taken, waits until all of these have gone the
        whole way, and gives the time on ``perf_counter`` when they had. As many are sent as take about ``seconds``."""

        def send(count: int) -> Sample:
            before = cpu()
            result = self.send(replace(job, count=count), called)
            took = arrived(count) - result.started_at
            return Sample(
                rate=count / took,
                cpu_us=(cpu() - before) / count * 1e6,
                p50_ms=result.p50_ms,
                p99_ms=result.p99_ms,
            )

        count = max(int(send(_WARM_UP).rate * seconds), 50)
        return lambda: send(count)

    def said(self, who: str) -> str:
        """A sentence for the reader, of the runs against one contender."""
        costs = {called: found for called, found in self.costs.items() if called.startswith(who)}
        each = "; ".join(f"{called} {median(found):,.0f} µs" for called, found in costs.items())
        return f"the load generator's own CPU for a mail: {each}"


def hear(program: Program, job: Job, called: str) -> Result:
    """What a running generator says at its end."""
    result = Result(**program.hear(job.patience + 20))
    if result.failures or not result.accepted:
        raise Failed(
            f"{called}: {result.failures} replies were wrong: {result.first_failure or 'no mail was accepted'}"
        )
    return result


def smtp_source(sink: Sink) -> str:
    """A sentence: what smtp-sink takes from smtp-source, in 20 sessions used again and again."""
    program = shutil.which("smtp-source", path="/usr/sbin:/usr/lib/postfix/sbin:/usr/bin")
    if program is None:
        return "smtp-source is not installed: apt-get install postfix"
    command = [program, "-4", "-d", "-s", "20", "-l", "10240", "-m", str(_SOURCE_MAILS), f"127.0.0.1:{sink.port}"]
    started, cpu = perf_counter(), _children_cpu()
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    rate, each = _SOURCE_MAILS / (perf_counter() - started), (_children_cpu() - cpu) / _SOURCE_MAILS * 1e6
    return (
        f"from smtp-source, sessions used again, smtp-sink takes {rate:,.0f}/s, at {each:,.0f} µs of smtp-source's CPU"
    )


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compare_p99(rounds: Rounds, name: str, ours: str, peer: str, target: float | None) -> Figure:
    """How long the slowest hundredth waits, beside a peer's: round by round, less is better."""
    ratios = sorted(rounds.samples[ours][n].p99_ms / rounds.samples[peer][n].p99_ms for n in rounds.counted)
    return Figure(
        name=f"{name}: p99", ours=_waited(rounds, ours), peer=f"{peer} {_waited(rounds, peer)}", ratios=ratios,
        target=target, at_most=True,
    )  # fmt: skip


def _waited(rounds: Rounds, who: str) -> str:
    samples = rounds.of(who)
    return f"p50 {middle(samples, lambda s: s.p50_ms):,.1f}ms p99 {middle(samples, lambda s: s.p99_ms):,.1f}ms"
