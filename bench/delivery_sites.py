"""A hundred sites, two of them bad: how long the mails for the other ninety-eight take from accepted to delivered.

Beside it, in the same round: the same mails while all sites are good. Each run has an installation of its own on
SQLite. As many mails go to the two as to all others together have a tenth of, at an even pace.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import count
from statistics import quantiles
from time import perf_counter, sleep

from bench.delivery_peers import DEAD, SITES, TARPIT, domain
from bench.programs import Failed, Program, running
from bench.report import Figure, Report
from bench.rounds import Plan, Rounds, Sample, interleave, middle
from bench.shop import Served, Shop, open_shop

_PEERS = (sys.executable, "-m", "bench.delivery_peers")
_PER_SECOND = 25
_RUNS = 4
"""A run lasts so many times as long as the plan says."""
_BAD_EACH = 5  # each fifth mail is for one of the bad two
_CAP = 10
"""Deliveries that one site may have in hand (`outbound.manners`)."""
_PATIENCE = 120.0


def run(plan: Plan) -> Report:
    """Two contenders: the bad run and the clean one."""
    report = Report(
        title=f"delivery-sites: {SITES} sites, one dead and one a tarpit; accepted to delivered at the others"
    )
    held: list[int] = []
    with running(_PEERS) as (peers, where):
        settings = {
            "SENDWRIGHT_RESOLVER": where["resolver"], "SENDWRIGHT_MX_PORT": str(where["port"]),
            "SENDWRIGHT_ALLOW_PRIVATE_MX": "true",
        }  # fmt: skip
        numbers = count()
        contenders: dict[str, Callable[[], Sample]] = {
            name: partial(_sample, plan, peers, settings, numbers, bad, held)
            for name, bad in (("clean", False), ("two bad", True))
        }
        rounds = interleave(plan, contenders)
    report.take(rounds)
    report.figures += [_slower(rounds), _most_held(held)]
    return report


def _slower(rounds: Rounds) -> Figure:
    pairs = [(rounds.samples["two bad"][n].p99_ms, rounds.samples["clean"][n].p99_ms) for n in rounds.counted]
    said = {
        name: f"p50 {middle(rounds.of(name), lambda s: s.p50_ms):,.0f} ms p99 {middle(rounds.of(name), _p99):,.0f} ms"
        for name in rounds.samples
    }
    return Figure(
        name="p99 of the other 98", ours=said["two bad"], peer=f"clean {said['clean']}",
        ratios=sorted(bad / clean for bad, clean in pairs), target=2, at_most=True,
    )  # fmt: skip


def _p99(sample: Sample) -> float:
    return sample.p99_ms


def _most_held(held: list[int]) -> Figure:
    return Figure(
        name="slots held by the two", ours=str(max(held)), peer="", ratios=[float(max(held))], target=2 * _CAP,
        at_most=True,
    )  # fmt: skip


def _sample(
    plan: Plan, peers: Program, settings: dict[str, str], numbers: Iterator[int], bad: bool, held: list[int]
) -> Sample:
    _order(peers, bad)
    shop = open_shop(plan.place / f"run{next(numbers)}")
    with shop.served(route="mx", settings=settings) as served:
        try:
            with _watching(shop, held if bad else []):
                _send(served, int(_PER_SECOND * _RUNS * plan.seconds))
                waits = _await_others(shop)
        finally:
            _order(peers, False)  # what hangs is cut: the process can end
    cuts = quantiles(waits, n=100)
    return Sample(rate=len(waits), p50_ms=cuts[49], p99_ms=cuts[98])


def _order(peers: Program, bad: bool) -> None:
    peers.tell({"bad": bad})
    peers.hear(10)


def _send(served: Served, many: int) -> None:
    """At an even pace, whatever the answers take."""
    email_id = served.publish_receipt()
    began = perf_counter()
    for number in range(many):
        sleep(max(began + number / _PER_SECOND - perf_counter(), 0))
        one_of_two = (DEAD, TARPIT)[number // _BAD_EACH % 2]
        to = one_of_two if number % _BAD_EACH == 0 else 2 + number % (SITES - 2)
        body = {
            "emailId": email_id, "message": {"to": f"ann@{domain(to)}"},
            "customProperties": {"order_no": str(number), "lines": []},
        }  # fmt: skip
        served.call("POST", "/marketing/v4/email/single-send", body)


_BAD_DOMAINS = (domain(DEAD), domain(TARPIT))
_HELD = "SELECT count(*) FROM deliveries WHERE state IN ('leased', 'committing') AND domain IN (?, ?)"
_OPEN = "SELECT count(*) FROM sends WHERE state <> 'final' AND recipient NOT IN (?, ?)"
_WAITS = "SELECT completed_at - requested_at FROM sends WHERE result = 'SENT' AND recipient NOT IN (?, ?)"


def _ask(shop: Shop, question: str, *given: str) -> list[int]:
    with closing(sqlite3.connect(f"file:{shop.data}/sendwright.db?mode=ro", uri=True)) as sqlite:
        return [int(row[0]) for row in sqlite.execute(question, given)]


def _await_others(shop: Shop) -> list[int]:
    """Milliseconds from accepted to delivered, of each mail to the others."""
    until, bad = perf_counter() + _PATIENCE, [f"ann@{each}" for each in _BAD_DOMAINS]
    while _ask(shop, _OPEN, *bad)[0]:
        if perf_counter() > until:
            raise Failed(f"mails for good sites were not delivered within {_PATIENCE:g} s")
        sleep(0.2)
    return _ask(shop, _WAITS, *bad)


@contextmanager
def _watching(shop: Shop, held: list[int]) -> Iterator[None]:
    """Notes several times in a second how many deliveries the two hold."""
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.2):
            held.append(_ask(shop, _HELD, *_BAD_DOMAINS)[0])

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    yield
    done.set()
    thread.join()
