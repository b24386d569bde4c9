"""Submission, the whole way: a receipt by SMTP, tracked, signed with RSA-2048, delivered to smtp-sink, settled.

Beside it: Postfix with OpenDKIM over a unix socket, which does not track; and how many RSA-2048 signatures one core
makes. Measured from the first mail until the receiver has the last one; ours until the ledger has nothing under way.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from bench import machine
from bench.peers.certificate import certificate
from bench.peers.opendkim import OpenDkim, opendkim
from bench.peers.postfix import Postfix, postfix, relay_to
from bench.postgres import postgres
from bench.programs import Failed, Missing
from bench.report import Report, compare
from bench.rounds import Plan, Sample, interleave
from bench.shop import open_shop
from bench.submission_load import Job
from bench.submission_mails import DOMAIN
from bench.submission_ours import Submitting, submitting
from bench.submission_run import Generator
from bench.submission_sink import Sink, counting_sink

_CLIENTS = 20
_CLIENTS_OF_MANY = 64  # so that each of two processes has its share
_MAIL = "receipt"
_PATIENCE = 120.0
_PEER, _STOCK = "Postfix + OpenDKIM", "stock Postfix + OpenDKIM"
_ROLES = "http,submission,delivery"


class _Arrivals:
    """What the receiver got so far; every mail must come once."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self._seen = sink, 0

    def await_more(self, count: int) -> float:
        """Waits for so many more; the time when they were there."""
        self._seen += count
        return self._sink.await_taken(self._seen, _PATIENCE)

    def check(self) -> None:
        if (taken := self._sink.taken()) != self._seen:
            raise Failed(f"{self._seen} mails were sent, the receiver has {taken}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """What all contenders share."""

    plan: Plan
    generator: Generator
    arrivals: _Arrivals
    route: str

    def of_peer(self, peer: Postfix, signer: OpenDkim, called: str, clients: int) -> Callable[[], Sample]:
        """Timed until the receiver has the last mail; that its queue is empty is then waited for."""

        def cpu() -> float:
            return peer.cpu_seconds() + signer.cpu_seconds()

        def arrived(count: int) -> float:
            ended = self.arrivals.await_more(count)
            peer.await_empty(_PATIENCE)
            self.arrivals.check()
            return ended

        job = Job(ports=[peer.plain], clients=clients, mail=_MAIL, patience=_PATIENCE)
        return self.generator.relaying(job, called, cpu, arrived, self.plan.seconds)

    def of_ours(self, ours: Submitting, called: str, clients: int) -> Callable[[], Sample]:
        """Timed until all is settled and written."""

        def arrived(count: int) -> float:
            self.arrivals.await_more(count)
            ended = ours.shop.await_settled(_PATIENCE)
            self.arrivals.check()
            return ended

        job = ours.job(clients=clients, mail=_MAIL, tls=False)
        return self.generator.relaying(job, called, ours.cpu_seconds, arrived, self.plan.seconds)


def run(plan: Plan) -> Report:
    """SQLite with one process; then PostgreSQL with one and with two."""
    report = Report(
        title="submission-relay: receipt of 8.5 KB by SMTP → 10 links tracked → RSA-2048 → smtp-sink, settled"
    )
    plan.place.chmod(0o711)  # Postfix's processes are other users
    with ExitStack() as stack:
        sink = stack.enter_context(counting_sink(plan.place))
        signer = stack.enter_context(opendkim(plan.place / "opendkim", DOMAIN))
        stage = _Stage(
            plan=plan, generator=Generator(), arrivals=_Arrivals(sink), route=f"smtp://127.0.0.1:{sink.port}"
        )
        settings = relay_to(sink.port, signer.milter)
        file = certificate(plan.place)
        stock = stack.enter_context(postfix(plan.place / "stock", file, settings, plan.roots))
        fast = stack.enter_context(postfix(plan.place / "fast", file, {**settings, "in_flow_delay": "0"}, plan.roots))
        peer = stage.of_peer(fast, signer, _PEER, _CLIENTS)
        _on_sqlite(stage, report, {_PEER: peer, _STOCK: stage.of_peer(stock, signer, _STOCK, _CLIENTS)})
        try:
            _on_postgres(stage, report, {_PEER: stage.of_peer(fast, signer, f"{_PEER}, many", _CLIENTS_OF_MANY)})
        except Missing as missing:
            report.notes.append(str(missing))
    report.notes.append(stage.generator.said("ours"))
    report.notes.append("Postfix runs with in_flow_delay = 0, except in the stock line; its CPU includes OpenDKIM's")
    return report


def _on_sqlite(stage: _Stage, report: Report, peers: dict[str, Callable[[], Sample]]) -> None:
    limit = machine.RsaLimit()
    shop = open_shop(stage.plan.place / "ours")
    with submitting(shop, route=stage.route, roles=_ROLES, plain=1) as ours:
        contenders = {
            "ours": stage.of_ours(ours, "ours, one process", _CLIENTS),
            **peers,
            "RSA-2048": lambda: _signatures(limit),
        }
        rounds = interleave(stage.plan, contenders)
    report.take(rounds)
    report.figures += [
        compare(rounds, "SQLite, one process", "ours", _PEER, 3.0, 3.5),
        compare(rounds, "SQLite, one process", "ours", _STOCK),
        compare(rounds, "SQLite, one process", "ours", "RSA-2048", 0.33, 0.4),
    ]


def _on_postgres(stage: _Stage, report: Report, peers: dict[str, Callable[[], Sample]]) -> None:
    plan = stage.plan
    with ExitStack() as stack:
        new_database = stack.enter_context(postgres(plan.place / "postgres", plan.roots))
        contenders = dict(peers)
        for name, count in (("one process", 1), ("two processes", 2)):
            shop = open_shop(plan.place / f"of-{count}", new_database())
            ours = stack.enter_context(submitting(shop, route=stage.route, roles=_ROLES, plain=count))
            contenders[name] = stage.of_ours(ours, f"ours, {name}", _CLIENTS_OF_MANY)
        rounds = interleave(plan, contenders)
    report.take(rounds)
    report.figures += [
        compare(rounds, "PostgreSQL, two processes", "two processes", _PEER, 4.5, 5.2),
        compare(rounds, "PostgreSQL, two processes", "two processes", "one process", 1.4, 1.5),
    ]


def _signatures(limit: machine.RsaLimit) -> Sample:
    rate, cpu_us = limit.measure()
    return Sample(rate=rate, cpu_us=cpu_us)
