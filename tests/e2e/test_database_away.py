"""A database that is locked, full or gone: 503 with Retry-After, nothing lost, and it goes on by itself afterwards."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import PostgresServer
from tests.e2e.books import alive, compare, faults
from tests.e2e.conftest import Launch, Shop
from tests.e2e.load import Load
from tests.e2e.program import SINGLE_SEND, Program, a_send, until
from tests.e2e.sink import Sink

pytestmark = pytest.mark.slow


class _Stoppable(PostgresServer):
    """A server of this test alone."""

    def pause(self) -> None:
        self._server.stop()

    def resume(self) -> None:
        self._server.start()


def post(shop: Shop, to: str = "ann@example.org") -> httpx.Response:
    return shop.client.post(SINGLE_SEND, json=a_send(shop.email_id, to=to))


def is_ready(shop: Shop) -> bool:
    return shop.client.get("/readyz").status_code == 200


def wrong(shop: Shop) -> str:
    answer = shop.client.get("/readyz")
    return "" if answer.status_code == 200 else " ".join(answer.json()["wrong"])


def assert_put_off(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert "nothing was accepted" in answer.json()["message"]


@contextmanager
def no_room(program: Program) -> Iterator[None]:
    """No file of the process may grow: the next write into the log fails, as on a full disk."""
    resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    yield
    resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def test_a_locked_database_puts_the_caller_off_and_recovers(shop: Shop, sink: Sink) -> None:
    other = sqlite3.connect(shop.program.data / "sendwright.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert_put_off(post(shop))
    other.execute("ROLLBACK")
    other.close()
    assert post(shop, "bob@example.org").is_success
    assert [receipt.recipient for receipt in sink.wait_for(1)] == ["bob@example.org"]


def test_a_database_file_that_is_gone_puts_the_caller_off_and_says_so(shop: Shop, sink: Sink) -> None:
    file = shop.program.data / "sendwright.db"
    away = file.rename(file.with_name("away"))
    assert_put_off(post(shop))
    assert "put it back" in wrong(shop)
    away.rename(file)
    until(lambda: is_ready(shop))
    assert post(shop, "bob@example.org").is_success
    assert [receipt.recipient for receipt in sink.wait_for(1)] == ["bob@example.org"]


def test_a_full_disk_puts_the_caller_off_and_recovers(shop: Shop, sink: Sink) -> None:
    with no_room(shop.program):
        assert_put_off(post(shop))
    assert post(shop, "bob@example.org").is_success
    assert [receipt.recipient for receipt in sink.wait_for(1)] == ["bob@example.org"]


def test_an_outcome_that_cannot_be_recorded_stops_deliveries_until_it_is(shop: Shop, sink: Sink) -> None:
    sink.hold()
    assert post(shop).is_success
    sink.wait_for(1)
    with no_room(shop.program):
        sink.let_go()
        assert "outcomes cannot be recorded" in until(lambda: wrong(shop))
    until(lambda: is_ready(shop) and alive(shop.program) == 0)
    assert post(shop, "bob@example.org").is_success
    assert [receipt.recipient for receipt in sink.wait_for(2)] == ["ann@example.org", "bob@example.org"]
    assert faults(shop.program) == []


def test_a_postgresql_that_goes_and_comes_under_load_loses_nothing(open_shop: Callable[..., Shop], sink: Sink) -> None:
    server = _Stoppable()
    try:
        shop = open_shop(
            database=server.new_database(), route=sink.route, settings={"in_doubt_wait": "PT1S", "lease": "PT2S"}
        )
        with Load(lambda: [shop.program.port], shop.boot, shop.email_id, count=4) as load:
            for _ in range(3):
                load.pause(0.7)
                server.pause()
                until(lambda: "database" in wrong(shop))
                load.pause(0.3)
                server.resume()
                until(lambda: is_ready(shop))
        until(lambda: alive(shop.program) == 0, 60)
        found = compare(shop.program, load.books, sink.received)
        assert faults(shop.program) == []
    finally:
        server.stop()
    assert (found.lost, found.unexplained, found.mailed_twice) == ([], [], [])
    assert load.books.strange == []
    assert load.books.put_off > 0


def test_a_second_process_on_the_same_data_is_refused_with_a_sentence(shop: Shop, launch: Launch) -> None:
    second = Program(data=shop.program.data, nursery=shop.program.nursery)
    second.begin()
    assert second.await_end() == 1
    assert "another process serves" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_data_directory_that_cannot_be_made_is_refused_with_a_sentence(tmp_path: Path, launch: Launch) -> None:
    shop = Program(data=tmp_path / "data")
    shop.data.rmdir()
    shop.data.write_text("a file")
    shop.begin()
    assert shop.await_end() == 1
    assert "Traceback" not in shop.stderr
    assert "data" in shop.stderr
