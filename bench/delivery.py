"""The queue under load: a million deferred deliveries.

The rows are made directly, a million sends of ten accounts put off to a hundred thousand domains, of which a hundred
thousand, all for one domain that has no room, are due. Then the claims of one worker are timed while it delivers what
else is due; and a real process is started on it: how long to its first delivery, and how much memory it takes.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from time import perf_counter, sleep

from sqlalchemy import Connection, text

from bench import machine, receipt
from bench.postgres import postgres
from bench.programs import Failed, Missing
from bench.report import Figure, Report
from bench.rounds import Plan
from bench.shop import Shop, open_shop
from bench.sink import smtp_sink
from sendwright import database, ledger
from sendwright.single_send import Dialect, SendRequest
from sendwright.single_send.message import Snapshot
from sendwright.single_send.request import encode

_DEFERRED = 1_000_000
_QUICK = 50_000
_ACCOUNTS = 10
_DOMAINS = 100_000
_CROWDED = "crowded.example"
_CLAIMS = 400
_LEASE = timedelta(minutes=2)
_PATIENCE = 60.0
_CHUNK = 20_000
_SETTLING = 10


def run(plan: Plan) -> Report:
    """On SQLite, then on PostgreSQL."""
    many = _DEFERRED if plan.seconds >= 2 else _QUICK
    report = Report(title=f"delivery: {many:,} deferred in the queue, a tenth due at one full domain")
    with smtp_sink() as sink, ExitStack() as stack:
        _measure(report, "SQLite", open_shop(plan.place / "sqlite"), many, sink)
        try:
            new_database = stack.enter_context(postgres(plan.place / "postgres", plan.roots))
        except Missing as missing:
            report.notes.append(str(missing))
            return report
        _measure(report, "PostgreSQL", open_shop(plan.place / "of-postgres", new_database()), many, sink)
    return report


def _measure(report: Report, name: str, shop: Shop, many: int, sink: int) -> None:
    began = perf_counter()
    with shop.served(route=f"smtp://127.0.0.1:{sink}", roles="http") as served:
        email_id = served.publish_receipt()
    waits = asyncio.run(_fill_and_claim(shop, many, email_id))
    report.notes.append(f"{name}: filled and claimed in {perf_counter() - began:.0f} s")
    p50, p99, worst = _percentiles(waits)
    report.figures.append(_at_most(f"{name}: claim p99, ms", p99, 20, f"p50 {p50:.1f} ms, worst {worst:.1f} ms"))
    first, rss = _restart(shop, sink, email_id)
    report.figures.append(_at_most(f"{name}: restart to first delivery, s", first, 10, ""))
    report.figures.append(_at_most(f"{name}: memory, MB", rss, 1_000, ""))


def _at_most(name: str, value: float, target: float, beside: str) -> Figure:
    return Figure(name=name, ours=f"{value:,.1f}", peer=beside, ratios=[value], target=target, at_most=True)


def _percentiles(waits: Sequence[float]) -> tuple[float, float, float]:
    cuts = quantiles(waits, n=100)
    return cuts[49], cuts[98], max(waits)


async def _fill_and_claim(shop: Shop, many: int, email_id: int) -> list[float]:
    """The milliseconds that each claim took, as a worker makes them: a transaction, committed."""
    body, snapshot = payload(email_id), Snapshot(version=1, contact={"email": "ann@example.org"}).encode()
    async with shop.serving() as (db, _):
        now = datetime.now(UTC)  # noqa: TID251 - a benchmark, from outside
        for sends, deliveries in _chunks(many, now):
            of_mail = {"body": body, "snapshot": snapshot, "email_id": email_id}
            await db.write(insert, [{**send, **of_mail} for send in sends], deliveries)
        for _ in range(_SETTLING):
            await db.write(_analyze)
        waits, after = [], ""
        barred = ledger.Barred(room={(0, "", _CROWDED): 0})
        for _ in range(_CLAIMS):
            began = perf_counter()
            turn = await db.write(ledger.claim_turn, "bench", _LEASE, 50, now, barred, after)
            waits.append((perf_counter() - began) * 1000)
            after = turn.after
            later = now + timedelta(hours=1)
            await asyncio.gather(*(db.write(ledger.put_off, held, later, "again later") for held in turn.taken))
        await db.write(ledger.pause, _pause(now))
        return waits


def _pause(now: datetime) -> ledger.Pause:
    """For the process that is started then: its relay has room for all domains."""
    return ledger.Pause(
        account_id=ledger.EVERYBODY, kind=ledger.PauseKind.DOMAIN, name=_CROWDED, reason="full", since=now, until=None
    )


def payload(email_id: int) -> bytes:
    """What a receipt is made from."""
    (asked,) = receipt.sends("token", email_id)[:1]
    body = json.loads(asked.partition("\r\n\r\n")[2])
    request = SendRequest(
        email_id=email_id, to="ann@example.org", from_=None, send_id=None, reply_to=(), cc=(), bcc=(),
        contact_properties={}, custom_properties=body["customProperties"], idempotency_key=None, retry_count=None,
        dialect=Dialect.V4, fingerprint="",
    )  # fmt: skip
    return encode(request)


Row = dict[str, object]
"""The values of one row, by name."""


def _chunks(many: int, now: datetime) -> Iterator[tuple[list[Row], list[Row]]]:
    """Each tenth delivery is due at the crowded domain, each hundredth is due elsewhere, the others are due later."""
    millis = int(now.timestamp() * 1000)
    for start in range(0, many, _CHUNK):
        numbers = range(start, min(start + _CHUNK, many))
        ids = [database.uuid7(now - timedelta(hours=1)) for _ in numbers]
        deliveries = [_delivery(number, id_, millis) for number, id_ in zip(numbers, ids, strict=True)]
        sends = [_send(number, id_, millis) for number, id_ in zip(numbers, ids, strict=True)]
        yield sends, deliveries


def _account(number: int) -> int:
    """What is due elsewhere is the shop's own, the first account's."""
    return 1 if number % 100 == 1 else 1 + number // 10 % _ACCOUNTS


def _delivery(number: int, id_: str, now: int) -> dict[str, object]:
    crowded = number % 10 == 0
    due = now - 1_000 + number % 1_000 if crowded or number % 100 == 1 else now + 60_000 + number * 10
    domain = _CROWDED if crowded else f"d{number % _DOMAINS}.example"
    return {"account": _account(number), "id": id_, "domain": domain, "due": due, "at": now - 3_600_000}


def _send(number: int, id_: str, now: int) -> dict[str, object]:
    return {"account": _account(number), "id": id_, "at": now - 3_600_000}


_SEND = text(
    "INSERT INTO sends (account_id, id, state, result, requested_at, stream, email_id, campaign_id, app_id, recipient) "
    "VALUES (:account, :id, 'queued', 'QUEUED', :at, 'transactional', :email_id, 9, 22700, 'ann@example.org')"
)
_PAYLOAD = text("INSERT INTO payloads (account_id, send_id, body, snapshot) VALUES (:account, :id, :body, :snapshot)")
_DELIVERY = text(
    "INSERT INTO deliveries (account_id, id, send_id, recipient, part, domain, stream, state, due, tries, accepted_at) "
    "VALUES (:account, :id, :id, 'ann@' || :domain, 'to', :domain, 'transactional', 'waiting', :due, 1, :at)"
)


def insert(conn: Connection, sends: Sequence[Row], deliveries: Sequence[Row]) -> None:
    """Sends that were put off, with their payloads and deliveries."""
    conn.execute(_SEND, sends)
    conn.execute(_PAYLOAD, sends)
    conn.execute(_DELIVERY, deliveries)


def _analyze(conn: Connection) -> None:
    """As autovacuum does after so many rows. On SQLite a write may bring the log of those before into the file."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("ANALYZE"))


def _restart(shop: Shop, sink: int, email_id: int) -> tuple[float, float]:
    """Seconds from the start of a process to the first outcome, of a mail accepted before; and its memory in MB."""
    with shop.served(route=f"smtp://127.0.0.1:{sink}", roles="http") as served:
        wish = json.loads(payload(email_id))
        body = {"emailId": email_id, "message": {"to": "ann@example.org"}, "customProperties": wish["custom"]}
        status = served.call("POST", "/marketing/v4/email/single-send", body)
    began = perf_counter()
    with shop.served(route=f"smtp://127.0.0.1:{sink}") as served:
        watch = _Watch(served.pid)
        path = f"/marketing/v3/email/send-statuses/{status['statusId']}"
        while served.call("GET", path).get("sendResult") != "SENT":
            if perf_counter() - began > _PATIENCE:
                raise Failed(f"nothing was delivered within {_PATIENCE:g} s: {served.program.words()}")
            sleep(0.05)
        took = perf_counter() - began
        sleep(5)  # it goes on claiming what is due
        return took, watch.stop()


class _Watch:
    """The most memory that a process had, looked at twice a second."""

    def __init__(self, pid: int) -> None:
        self._pid, self._most, self._done = pid, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """MB."""
        self._done.set()
        self._thread.join()
        return self._most

    def _look(self) -> None:
        while not self._done.wait(0.5):
            self._most = max(self._most, machine.memory_mb(self._pid)[0])
