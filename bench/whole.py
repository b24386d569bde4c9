"""The whole way: POST, rendered, tracked, signed with RSA-2048, delivered to smtp-sink by SMTP, settled.

Measured from the first request until nothing is under way. Beside it: nodemailer, which only composes, signs and sends;
and how many RSA-2048 signatures one core makes. On PostgreSQL: two processes beside one.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from bench import machine, receipt
from bench.load import Job
from bench.postgres import postgres
from bench.programs import ROOT, Failed, Missing, Program, run_load, running
from bench.report import Report, compare
from bench.rounds import Plan, Sample, interleave
from bench.shop import Served, Shop, open_shop
from bench.sink import smtp_sink

_CLIENTS = 20
_CLIENTS_OF_MANY = 64  # so that each of two processes has its share
_WARM_UP = 300
_PATIENCE = 60.0
_NODE = ROOT / "bench" / "peers" / "node"
_HTML_FILE = "receipt.html"


def run(plan: Plan) -> Report:
    """SQLite beside nodemailer and RSA; then PostgreSQL with one process and with two."""
    report = Report(title="whole: POST to settled (receipt: 20 lines, 8 KB of HTML, 10 links tracked; RSA-2048 alone)")
    with smtp_sink() as sink:
        _on_sqlite(plan, report, sink)
        try:
            _on_postgres(plan, report, sink)
        except Missing as missing:
            report.notes.append(str(missing))
    report.notes.append("the domain's Ed25519 key is retired for this run, so that one signature is compared with one")
    return report


def _on_sqlite(plan: Plan, report: Report, sink: int) -> None:
    limit = machine.RsaLimit()
    shop = open_shop(plan.place / "ours")
    with ExitStack() as stack:
        served = stack.enter_context(shop.served(route=f"smtp://127.0.0.1:{sink}"))
        contenders: dict[str, Callable[[], Sample]] = {
            "ours": _contender(shop, [served], _CLIENTS, plan.seconds),
            "RSA-2048": lambda: _signatures(limit),
        }
        try:
            peer = stack.enter_context(_nodemailer(plan, sink))
            contenders["nodemailer"] = _nodemailer_contender(peer, plan.seconds)
        except Missing as missing:
            report.notes.append(str(missing))
        rounds = interleave(plan, contenders)
    report.take(rounds)
    if "nodemailer" in contenders:
        report.figures.append(compare(rounds, "SQLite, one process", "ours", "nodemailer", 2.0, 2.4))
    report.figures.append(compare(rounds, "SQLite, one process", "ours", "RSA-2048", 0.28, 0.33))


def _on_postgres(plan: Plan, report: Report, sink: int) -> None:
    route = f"smtp://127.0.0.1:{sink}"
    with ExitStack() as stack:
        new_database = stack.enter_context(postgres(plan.place / "postgres", plan.roots))
        contenders: dict[str, Callable[[], Sample]] = {}
        for name, count in (("one process", 1), ("two processes", 2)):
            shop = open_shop(plan.place / f"of-{count}", new_database())
            served = [stack.enter_context(shop.served(route=route, roles="http,delivery")) for _ in range(count)]
            contenders[name] = _contender(shop, served, _CLIENTS_OF_MANY, plan.seconds)
        rounds = interleave(plan, contenders)
    report.take(rounds)
    report.figures.append(compare(rounds, "PostgreSQL, two processes", "two processes", "one process", 1.5, 1.6))


def _contender(shop: Shop, served: Sequence[Served], clients: int, seconds: float) -> Callable[[], Sample]:
    """Sends as many mails as take about ``seconds``, all the way."""
    requests = receipt.sends(shop.token, served[0].publish_receipt())
    send = partial(_send, shop, served, clients, requests)
    rate = send(_WARM_UP).rate
    return partial(send, max(int(rate * seconds), 50))


def _send(shop: Shop, served: Sequence[Served], clients: int, requests: Sequence[str], count: int) -> Sample:
    sent, cpu = shop.count_sent(), _cpu(served)
    result = run_load(
        Job(ports=[each.port for each in served], connections=clients, requests=requests, status=200, count=count,
            first_number=sent, patience=_PATIENCE)
    )  # fmt: skip
    seconds = shop.await_settled(_PATIENCE) - result.started_at
    sent = shop.count_sent() - sent
    if sent != count:
        raise Failed(f"{count} were accepted, {sent} were sent: {served[0].program.words()}")
    return Sample(rate=count / seconds, cpu_us=(_cpu(served) - cpu) / count * 1e6)


def _signatures(limit: machine.RsaLimit) -> Sample:
    rate, cpu_us = limit.measure()
    return Sample(rate=rate, cpu_us=cpu_us)


def _cpu(served: Sequence[Served]) -> float:
    return sum(machine.cpu_seconds(each.pid) for each in served)


@contextmanager
def _nodemailer(plan: Plan, sink: int) -> Iterator[Program]:
    """The peer, installed from its lock file if need be."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Missing("node and npm are not installed: apt-get install nodejs npm (20 or newer), to run nodemailer")
    if not (_NODE / "node_modules").exists():
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        if subprocess.run(command, cwd=_NODE, timeout=120, capture_output=True).returncode:
            raise Missing(f"nodemailer could not be installed: run npm ci in {_NODE.relative_to(ROOT)}")
    page = plan.place / _HTML_FILE
    page.write_text(receipt.rendered())
    with running([node, str(_NODE / "send.mjs"), str(sink), str(page)]) as (peer, _):
        yield peer


def _nodemailer_contender(peer: Program, seconds: float) -> Callable[[], Sample]:
    def send(count: int) -> Sample:
        peer.tell({"count": count})
        said = peer.hear(_PATIENCE)
        if said["failures"]:
            raise Failed(f"nodemailer could not send {said['failures']} of {count}")
        return Sample(rate=count / said["seconds"], cpu_us=said["cpu_us"])

    rate = send(_WARM_UP).rate
    return partial(send, max(int(rate * seconds), 50))
