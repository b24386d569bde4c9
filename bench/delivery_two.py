"""Two delivery processes beside one on PostgreSQL: how fast a queue of deferred deliveries is drained.

The deliveries are made directly, all due, while everything is paused; then the pause ends, and what counts is the time
until none is open. Each is composed again, signed and handed to smtp-sink.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from time import perf_counter, sleep

import psycopg

from bench import machine
from bench.delivery import Row, insert, payload
from bench.postgres import postgres
from bench.programs import Failed, Missing
from bench.report import Report, compare
from bench.rounds import Plan, Sample, interleave
from bench.shop import Served, Shop, open_shop
from bench.sink import smtp_sink
from sendwright import database, ledger
from sendwright.single_send.message import Snapshot

_PER_SECOND = 250
_DOMAINS = 500
_PATIENCE = 120.0
_ONE, _TWO = "one process", "two processes"


def run(plan: Plan) -> Report:
    """Each has a database of its own on the same server."""
    report = Report(title="delivery-two: a queue of deferred deliveries drained into smtp-sink, PostgreSQL")
    with ExitStack() as stack:
        sink = stack.enter_context(smtp_sink())
        try:
            new_database = stack.enter_context(postgres(plan.place / "postgres", plan.roots))
        except Missing as missing:
            report.notes.append(str(missing))
            return report
        many, contenders = max(int(_PER_SECOND * plan.seconds), 50), dict[str, Callable[[], Sample]]()
        for name, processes in ((_ONE, 1), (_TWO, 2)):
            shop = open_shop(plan.place / f"of-{processes}", new_database())
            served = [
                stack.enter_context(shop.served(route=f"smtp://127.0.0.1:{sink}", roles="http,delivery"))
                for _ in range(processes)
            ]
            drain = partial(_drain, shop, served, served[0].publish_receipt())
            drain(many // 4)  # connections, what is compiled once
            contenders[name] = partial(drain, many)
        rounds = interleave(plan, contenders)
    report.take(rounds)
    report.figures.append(compare(rounds, "rate", _TWO, _ONE, 1.6))
    report.notes.append(f"{many} deliveries in each round; the database server and the receiver use the same cores")
    return report


def _drain(shop: Shop, served: Sequence[Served], email_id: int, many: int) -> Sample:
    asyncio.run(_fill(shop, email_id, many))
    cpu = _cpu(served)
    began = perf_counter()
    asyncio.run(_let_go(shop))
    until = began + _PATIENCE
    while _open(shop):
        if perf_counter() > until:
            raise Failed(f"{_open(shop)} deliveries wait after {_PATIENCE:g} s: {served[0].program.words()}")
        sleep(0.02)
    return Sample(rate=many / (perf_counter() - began), cpu_us=(_cpu(served) - cpu) / many * 1e6)


async def _fill(shop: Shop, email_id: int, many: int) -> None:
    now = datetime.now(UTC)  # noqa: TID251 - a benchmark, from outside
    body, snapshot = payload(email_id), Snapshot(version=1, contact={"email": "ann@example.org"}).encode()
    async with shop.opened() as (db, _):
        everything = ledger.Pause(
            account_id=ledger.EVERYBODY, kind=ledger.PauseKind.ALL, name="", reason="filling", since=now, until=None
        )
        await db.write(ledger.pause, everything)
        rows = [_row(shop, number, now) for number in range(many)]
        await db.write(
            insert, [{**row, "body": body, "snapshot": snapshot, "email_id": email_id} for row in rows], rows
        )


def _row(shop: Shop, number: int, now: datetime) -> Row:
    millis = int(now.timestamp() * 1000)
    id_ = database.uuid7(now - timedelta(hours=1))
    domain = f"d{number % _DOMAINS}.example"
    return {"account": shop.account_id, "id": id_, "domain": domain, "due": millis - 1_000, "at": millis - 3_600_000}


async def _let_go(shop: Shop) -> None:
    async with shop.opened() as (db, _):
        await db.write(ledger.resume, ledger.EVERYBODY, ledger.PauseKind.ALL, "")


def _open(shop: Shop) -> int:
    assert shop.url is not None
    with psycopg.connect(shop.url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'leased', 'committing', 'in_doubt', 'held')"
        ).fetchone()
    return 0 if row is None else int(row[0])


def _cpu(served: Sequence[Served]) -> float:
    return sum(machine.tree_cpu_seconds(each.pid) for each in served)
