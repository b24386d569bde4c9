"""One sendId is one mail, however many ask at the same moment and of however many processes."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.conftest import PostgresServer
from tests.e2e.books import alive
from tests.e2e.conftest import Launch, Shop
from tests.e2e.program import SINGLE_SEND, Program, a_send, until
from tests.e2e.sink import Sink

pytestmark = pytest.mark.slow

AT_ONCE = 50
ROUNDS = 8


def ask_at_once(programs: Sequence[Program], shop: Shop, send_id: str) -> list[int]:
    """The same request from :data:`AT_ONCE` connections that let go together; the HTTP status codes."""
    body = json.dumps(a_send(shop.email_id, to=f"{send_id}@example.org", send_id=send_id))
    start, codes = threading.Barrier(AT_ONCE), [0] * AT_ONCE
    begun = threading.Semaphore(0)

    def ask(number: int) -> None:
        begun.release()
        connection = http.client.HTTPConnection("127.0.0.1", programs[number % len(programs)].port, timeout=30)
        connection.connect()
        start.wait(30)
        connection.request("POST", SINGLE_SEND, body, {"Authorization": f"Bearer {shop.boot.token}"})
        answer = connection.getresponse()
        codes[number] = answer.status
        answer.read()
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
        begun.acquire()  # two threads that begin together cannot both be measured: the interpreter refuses
    for thread in threads:
        thread.join()
    return codes


def assert_one_mail_a_round(programs: Sequence[Program], shop: Shop, sink: Sink) -> None:
    rounds = [f"round-{number}" for number in range(ROUNDS)]
    codes = {code for each in rounds for code in ask_at_once(programs, shop, each)}
    until(lambda: alive(shop.program) == 0)
    assert codes <= {200, 201, 202}
    assert Counter(receipt.recipient for receipt in sink.received) == {f"{each}@example.org": 1 for each in rounds}


def test_fifty_at_once_are_one_mail_on_sqlite(shop: Shop, sink: Sink) -> None:
    assert_one_mail_a_round([shop.program], shop, sink)


def test_fifty_at_once_at_two_processes_are_one_mail_on_postgresql(
    launch: Launch, open_shop: Callable[..., Shop], postgres: PostgresServer, sink: Sink, tmp_path: Path
) -> None:
    how = {"database": postgres.new_database(), "route": sink.route, "roles": "http,delivery"}
    shop = open_shop(**how)
    other = launch(data=tmp_path / "other", **how)
    assert_one_mail_a_round([shop.program, other], shop, sink)
