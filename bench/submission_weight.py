"""Submission: what an idle connection weighs, what a mail of 30 MB adds, and how ten of them slow small ones down."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from time import sleep

from bench import machine
from bench.peers.certificate import certificate
from bench.peers.postfix import HOLD, postfix
from bench.programs import Missing, running
from bench.report import Figure, Report
from bench.rounds import Plan, Sample, interleave
from bench.shop import open_shop
from bench.submission_idle import Idle
from bench.submission_load import Job, Result
from bench.submission_ours import Submitting, submitting
from bench.submission_run import GENERATOR, Generator, compare_p99, hear
from bench.submission_sink import counting_sink

_FIRST, _CONNECTIONS = 500, 1000
_CLIENTS, _PACE = 20, 100.0
_LARGE_AT_ONCE = 10
_PATIENCE = 120.0
_REST_SECONDS = 1.0
_KB_OF_A_CONNECTION, _MB_OF_A_MAIL, _TIMES_P99 = 64.0, 100.0, 2.0


def run(plan: Plan) -> Report:
    """Each on a fresh process with all its roles, on SQLite, delivering to smtp-sink."""
    report = Report(title="submission-weight: memory of connections and of 30 MB mails, and who waits for those")
    plan.place.chmod(0o711)  # Postfix's processes are other users
    with counting_sink(plan.place) as sink:
        route = f"smtp://127.0.0.1:{sink.port}"
        for tls in (False, True):
            with _fresh(plan, route, f"idle-{tls}") as ours:
                report.figures.append(_idle(ours, tls))
        with _fresh(plan, route, "large") as ours:
            report.figures += _large(ours)
        with _fresh(plan, route, "both") as ours:
            _slowed(plan, report, ours)
    report.notes.append("resident size; a mail's is the highest until it is delivered, over that before it came")
    return report


@contextmanager
def _fresh(plan: Plan, route: str, name: str) -> Iterator[Submitting]:
    """A process that has taken some mail, so that what it needs once is there."""
    with submitting(open_shop(plan.place / name), route=route, roles="", real=1) as ours:
        Generator().send(replace(ours.job(clients=_CLIENTS, mail="small", tls=True), count=100), name)
        ours.shop.await_settled(_PATIENCE)
        sleep(_REST_SECONDS)
        yield ours


def _idle(ours: Submitting, tls: bool) -> Figure:
    """With TLS after AUTH, without it before. The first hundreds fill memory that lay free, so the next ones count."""
    served = ours.real[0]
    port = served.port_of("submissions" if tls else "submission")
    job = Idle(port=port, tls=tls, username=ours.username, password=ours.password)
    with running([sys.executable, "-m", "bench.submission_idle"], ready=False) as (clients, _):
        clients.tell(asdict(job))
        clients.tell({"connections": _FIRST})
        clients.hear(_PATIENCE)
        sleep(_REST_SECONDS)
        before = machine.memory_mb(served.pid)[0]
        clients.tell({"connections": _CONNECTIONS})
        clients.hear(_PATIENCE)
        sleep(_REST_SECONDS)
        after = machine.memory_mb(served.pid)[0]
    each = (after - before) * 1e6 / 1024 / _CONNECTIONS
    name = "KB for an idle connection, " + ("TLS and AUTH" if tls else "no TLS")
    return Figure(
        name=name, ours=f"{each:.1f} KB", peer=f"{_CONNECTIONS} more than {_FIRST}: {before:.0f} → {after:.0f} MB",
        ratios=[each], target=_KB_OF_A_CONNECTION, at_most=True,
    )  # fmt: skip


def _large(ours: Submitting) -> list[Figure]:
    """One mail, then ten at once."""
    figures = []
    for count, target in ((1, _MB_OF_A_MAIL), (_LARGE_AT_ONCE, None)):
        before = machine.memory_mb(ours.real[0].pid)[0]
        machine.forget_peak(ours.real[0].pid)
        Generator().send(_large_job(ours.job(clients=count, mail="large", tls=True)), "large")
        ours.shop.await_settled(_PATIENCE)
        peak = machine.peak_mb(ours.real[0].pid)
        name = "MB added by a mail of 30 MB" if count == 1 else f"MB added by {count} at once"
        figures.append(
            Figure(name=name, ours=f"{peak - before:.0f} MB", peer=f"{before:.0f} → {peak:.0f} MB",
                ratios=[peak - before], target=target, at_most=True)
        )  # fmt: skip
    return figures


def _slowed(plan: Plan, report: Report, ours: Submitting) -> None:
    """Small mails at an even pace, alone and while ten of 30 MB come in and are delivered; Postfix only holds them."""

    def settled() -> None:
        ours.shop.await_settled_so_far(_PATIENCE)

    job = ours.job(clients=_CLIENTS, mail="small", tls=True)
    contenders = _alone_and_beside(plan, job, "ours", settled)
    with ExitStack() as stack:
        try:
            file = certificate(plan.place)
            peer = stack.enter_context(postfix(plan.place / "postfix", file, HOLD, plan.roots))
            of_peer = Job(ports=[peer.secure], clients=_CLIENTS, mail="small", tls=True)
            contenders |= _alone_and_beside(plan, of_peer, "Postfix", lambda: None)
        except Missing as missing:
            report.notes.append(str(missing))
        rounds = interleave(plan, contenders)
    report.take(rounds)
    for who, target in (("ours", _TIMES_P99), ("Postfix", None)):
        if f"{who}, alone" in contenders:
            name = f"{who}: small mails beside {_LARGE_AT_ONCE} of 30 MB"
            report.figures.append(compare_p99(rounds, name, f"{who}, beside", f"{who}, alone", target))


def _alone_and_beside(plan: Plan, job: Job, who: str, settled: Callable[[], None]) -> dict[str, Callable[[], Sample]]:
    paced = replace(job, pace=_PACE, patience=2 * _PATIENCE)
    return {
        f"{who}, alone": lambda: _said(_alone(replace(paced, seconds=plan.seconds))),
        f"{who}, beside": lambda: _said(_beside(replace(paced, seconds=_PATIENCE), settled)),
    }


def _alone(job: Job) -> Result:
    return Generator().send(job, "small")


def _beside(job: Job, settled: Callable[[], None]) -> Result:
    """As long as the large ones take, and no longer."""
    with running(GENERATOR, ready=False) as (small, _), running(GENERATOR, ready=False) as (large, _):
        small.tell(asdict(job))
        beside = _large_job(replace(job, clients=_LARGE_AT_ONCE, pace=None, seconds=None, mail="large"))
        large.tell(asdict(beside))
        hear(large, beside, "large mails")
        settled()
        small.tell({})
        return hear(small, job, "small mails beside large ones")


def _large_job(job: Job) -> Job:
    return replace(job, count=job.clients, patience=_PATIENCE)


def _said(result: Result) -> Sample:
    return Sample(rate=result.accepted / result.seconds, p50_ms=result.p50_ms, p99_ms=result.p99_ms)
