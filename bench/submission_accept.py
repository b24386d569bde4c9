"""Submission: mails of 10 KB accepted with AUTH and durable, beside Postfix, which holds them, without AUTH.

Without and with TLS (implicit, full handshakes), 20 clients; sessions are used again and again, or each mail has one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from bench.peers.certificate import certificate
from bench.peers.postfix import HOLD, Postfix, postfix
from bench.programs import Failed
from bench.report import Report, compare
from bench.rounds import Plan, Sample, interleave
from bench.shop import open_shop
from bench.submission_load import Job
from bench.submission_ours import Submitting, submitting
from bench.submission_run import Generator, compare_p99, smtp_source
from bench.submission_sink import Sink, counting_sink

_CLIENTS = 20
_MAIL = "small"
_P99_TARGET = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How the mails come, and the target and stretch of the rate."""

    tls: bool
    per_message: bool
    target: float
    stretch: float

    @property
    def name(self) -> str:
        return f"{'TLS' if self.tls else 'no TLS'}, {'a session each' if self.per_message else 'reused'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rivals:
    """Who takes mail."""

    ours: Submitting
    peer: Postfix
    sink: Sink


def run(plan: Plan) -> Report:
    """Without TLS, then with it; two figures for each way: the rate and the slowest hundredth."""
    title = f"10 KB by SMTP with AUTH PLAIN, {_CLIENTS} clients, answered when it is on disk (SQLite, synchronous=FULL)"
    report = Report(title=f"submission-accept: {title}")
    plan.place.chmod(0o711)  # Postfix's processes are other users
    generator = Generator()
    with ExitStack() as stack:
        sink = stack.enter_context(counting_sink(plan.place))
        peer = stack.enter_context(postfix(plan.place / "postfix", certificate(plan.place), HOLD, plan.roots))
        for tls in (False, True):
            _measure(plan, report, generator, peer, sink, tls)
        report.notes += [generator.said("smtp-sink"), generator.said("ours"), smtp_source(sink)]
    report.notes.append("Postfix neither asks for AUTH nor writes a log; its CPU is that of all its processes")
    return report


def _measure(plan: Plan, report: Report, generator: Generator, peer: Postfix, sink: Sink, tls: bool) -> None:
    """One process of ours that takes mail and delivers none. All that it answered with 250 must be there at the end."""
    shop = open_shop(plan.place / f"ours-{'tls' if tls else 'plain'}")
    ways = (
        _Way(tls=tls, per_message=False, target=3.0, stretch=4.0),
        _Way(tls=tls, per_message=True, target=2.5, stretch=3.5),
    )
    with submitting(shop, route="sandbox", roles="http,submission", real=int(tls), plain=int(not tls)) as ours:
        for way in ways:
            _compare(plan, report, generator, _Rivals(ours=ours, peer=peer, sink=sink), way)
    accepted = sum(generator.mails[f"ours, {way.name}"] for way in ways)
    if (kept := shop.count_accepted()) != accepted:
        raise Failed(f"{accepted} mails were answered with 250, {kept} are in the ledger")


def _compare(plan: Plan, report: Report, generator: Generator, rivals: _Rivals, way: _Way) -> None:
    contenders = _contenders(generator, rivals, way, plan.seconds)
    for contender in contenders.values():
        contender()
    rounds = interleave(plan, contenders)
    report.take(rounds)
    report.figures.append(compare(rounds, way.name, "ours", "Postfix", way.target, way.stretch))
    report.figures.append(compare_p99(rounds, way.name, "ours", "Postfix", _P99_TARGET))
    if not way.tls:
        report.figures.append(compare(rounds, way.name, "ours", "smtp-sink"))


def _contenders(generator: Generator, rivals: _Rivals, way: _Way, seconds: float) -> dict[str, Callable[[], Sample]]:
    def accepting(job: Job, who: str, cpu: Callable[[], float]) -> Callable[[], Sample]:
        timed = replace(job, per_message=way.per_message, seconds=seconds)
        return generator.accepting(timed, f"{who}, {way.name}", cpu)

    peer = rivals.peer
    job = Job(ports=[peer.secure if way.tls else peer.plain], clients=_CLIENTS, mail=_MAIL, tls=way.tls)
    of_peer = accepting(job, "Postfix", peer.cpu_seconds)
    ours = rivals.ours
    contenders = {
        "ours": accepting(ours.job(clients=_CLIENTS, mail=_MAIL, tls=way.tls), "ours", ours.cpu_seconds),
        "Postfix": lambda: _and_empty(peer, of_peer),
    }
    if not way.tls:
        contenders["smtp-sink"] = accepting(
            replace(job, ports=[rivals.sink.port]), "smtp-sink", rivals.sink.cpu_seconds
        )
    return contenders


def _and_empty(peer: Postfix, sample: Callable[[], Sample]) -> Sample:
    """Its directory of held mail does not grow from round to round."""
    taken = sample()
    peer.discard_held()
    return taken
