"""SIGTERM: what is in flight is finished, and what was told in confidence is gone from the disk."""

from __future__ import annotations

from tests.e2e.books import alive, compare, faults, files_with, rows
from tests.e2e.conftest import Shop
from tests.e2e.load import Load
from tests.e2e.program import SINGLE_SEND, a_send, until
from tests.e2e.sink import Sink

CANARY = "canary-5d1e0c7b"


def test_a_stop_under_load_leaves_nothing_in_doubt_and_mails_nothing_twice(shop: Shop, sink: Sink) -> None:
    with Load(lambda: [shop.program.port], shop.boot, shop.email_id, count=4) as load:
        for _ in range(2):
            sink.wait_for(len(sink.received) + 20)
            assert shop.program.stop() == 0
            assert rows(shop.program, "SELECT id FROM deliveries WHERE state IN ('leased', 'committing')") == []
            shop.program.start()
    until(lambda: alive(shop.program) == 0)
    found = compare(shop.program, load.books, sink.received)
    assert (found.lost, found.duplicates) == ([], [])
    assert rows(shop.program, "SELECT id FROM attempts WHERE outcome = 'in_doubt'") == []
    assert load.books.strange == []


def test_custom_properties_are_on_no_disk_after_a_clean_stop(shop: Shop, sink: Sink) -> None:
    for number in range(20):
        body = a_send(shop.email_id, to=f"n{number}@example.org", order_no=f"{number}", secret=CANARY)
        assert shop.client.post(SINGLE_SEND, json=body).is_success
    sink.wait_for(20)
    until(lambda: alive(shop.program) == 0)
    assert shop.program.stop() == 0
    assert files_with(shop.program.data, CANARY.encode()) == []
    assert CANARY not in shop.program.stderr
    assert faults(shop.program) == []


def test_custom_properties_stand_on_the_disk_only_while_they_are_needed(shop: Shop, sink: Sink) -> None:
    """The counter-check: without it the test before would pass on a search that finds nothing ever."""
    sink.script["RCPT"] = "451 4.7.1 later"
    assert shop.client.post(SINGLE_SEND, json=a_send(shop.email_id, secret=CANARY)).is_success
    sink.wait_to_hear("RCPT")
    assert files_with(shop.program.data, CANARY.encode()) != []
