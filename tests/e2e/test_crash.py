"""kill -9 at any moment under load: nothing promised is lost, and every second copy is explained."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.conftest import PostgresServer
from tests.e2e.books import Found, alive, compare, faults, together
from tests.e2e.conftest import Launch, Shop
from tests.e2e.load import Books, Load
from tests.e2e.nursery import Nursery
from tests.e2e.program import Program, until
from tests.e2e.sink import Sink
from tests.e2e.submitters import PEERS_DIE, SmtpLoad, make_token, tls_port

pytestmark = [pytest.mark.slow, PEERS_DIE]

KILLS = 20
"""The matrix kills at every failpoint beside these; for longer: ``make crash ARGS="--points any --kills 50"``."""
SEED = 20261122
_DRAIN_SECONDS = 60
_QUICK = {"in_doubt_wait": "PT1S", "lease": "PT4S", "log_level": "warning", "submissions": "127.0.0.1:0"}


def assert_the_promise_was_kept(found: Found) -> None:
    assert found.lost == [], found.shown
    assert found.unexplained == [], found.shown
    assert found.changed == [], "a second copy must be the same octets"
    assert found.mailed_twice == [], "one send, mailed as two"
    assert found.answered_twice == [], "one sendId, two status ids"


def assert_there_was_load(by_http: Books, by_smtp: Books) -> None:
    assert min(len(by_http.status_ids), len(by_smtp.status_ids)) > KILLS // 2, "there was no load"


def report(what: str, found: Found, began: float, record: Callable[[str, object], None]) -> None:
    took = time.monotonic() - began
    record("crash", f"{what}: {KILLS} kills in {took:.0f} s; {found.shown}")
    print(f"{what}: {KILLS} kills in {took:.0f} s; {found.shown}")  # noqa: T201 - the figures that we publish


def test_twenty_kills_on_sqlite_lose_nothing(
    open_shop: Callable[..., Shop], nursery: Nursery, sink: Sink, record_property: Callable[[str, object], None]
) -> None:
    sink.keep_messages = False
    shop = open_shop(route=sink.route, settings=_QUICK, nursery=nursery)
    program, chance, began = shop.program, random.Random(SEED), time.monotonic()
    by_http = Load(lambda: [program.port], shop.boot, shop.email_id, count=4)
    by_smtp = SmtpLoad(lambda: [tls_port(program)], make_token(program), count=4)
    with by_http as load, by_smtp:
        for kill in range(KILLS):
            if kill % 4 != 3:  # a session by SMTP begins with TLS and a log-in: most lives last until one got so far
                by_smtp.await_promise()
            load.pause(chance.uniform(0.02, 0.5))
            program.kill()
            assert faults(program) == []
            if chance.random() < 0.2:  # and now and then while it starts
                program.begin()
                load.pause(chance.uniform(0.0, 0.3))
                program.kill()
            program.start()
    until(lambda: alive(program) == 0, _DRAIN_SECONDS)
    assert program.stop() == 0
    books = together(by_http.books, by_smtp.books)
    found = compare(program, books, sink.received)
    report("SQLite", found, began, record_property)
    assert books.strange == []
    assert_the_promise_was_kept(found)
    assert_there_was_load(by_http.books, by_smtp.books)
    program.verify_ledger()


def test_twenty_kills_of_three_processes_on_postgresql_lose_nothing(
    launch: Launch, postgres: PostgresServer, nursery: Nursery, sink: Sink, tmp_path: Path,
    open_shop: Callable[..., Shop], record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    sink.keep_messages = False
    how = {
        "database": postgres.new_database(),
        "route": sink.route,
        "roles": "http,submission,delivery",
        "nursery": nursery,
    }
    settings = _QUICK | {"public_url": "http://mail.example.com"}  # one address for all, so that copies are the same
    shop = open_shop(data=tmp_path / "p0", settings=settings, **how)
    programs = [shop.program, *(launch(data=tmp_path / f"p{n}", settings=settings, **how) for n in (1, 2))]
    chance, began = random.Random(SEED), time.monotonic()
    by_http = Load(lambda: [each.port for each in programs], shop.boot, shop.email_id, count=4)
    by_smtp = SmtpLoad(lambda: [tls_port(each) for each in programs], make_token(shop.program), count=4)
    with by_http as load, by_smtp:
        kills = 0
        while kills < KILLS:
            by_smtp.await_promise()
            load.pause(chance.uniform(0.1, 0.8))
            fallen = programs if chance.random() < 0.1 else [chance.choice(programs)]
            kill_and_begin(fallen)
            kills += len(fallen)
        for program in programs:
            program.await_ready()
    until(lambda: alive(shop.program) == 0, _DRAIN_SECONDS)
    assert [each.stop() for each in programs] == [0, 0, 0]
    books = together(by_http.books, by_smtp.books)
    found = compare(shop.program, books, sink.received)
    report("PostgreSQL", found, began, record_property)
    assert books.strange == []
    assert_the_promise_was_kept(found)
    assert_there_was_load(by_http.books, by_smtp.books)
    shop.program.verify_ledger()


def kill_and_begin(fallen: Sequence[Program]) -> None:
    """Nobody waits until they are ready: the next kill may come before."""
    for program in fallen:
        program.kill()
    assert faults(fallen[0]) == []
    for program in fallen:
        program.begin()
