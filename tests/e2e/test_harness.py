"""The first whole way, from outside: one POST, one mail, one status; and that the great comparison finds faults."""

from __future__ import annotations

from collections.abc import Callable

from tests.e2e.books import alive, change, compare, message_id, misread
from tests.e2e.conftest import Shop
from tests.e2e.load import Books
from tests.e2e.program import SINGLE_SEND, STATUSES, a_send, until
from tests.e2e.sink import Sink


def test_one_post_is_one_mail_and_one_true_status(open_shop: Callable[..., Shop], sink: Sink) -> None:
    shop = open_shop(route=sink.route, nursery=None)
    answered = shop.client.post(SINGLE_SEND, json=a_send(shop.email_id)).json()
    sink.wait_for(1)
    assert shop.program.stop() == 0
    with shop.program.start().client(shop.boot) as client:
        status = client.get(f"{STATUSES}/{answered['statusId']}").json()
    assert (status["status"], status["sendResult"]) == ("COMPLETE", "SENT")
    assert [receipt.recipient for receipt in sink.received] == ["ann@example.org"]


def test_the_comparison_tells_canceled_from_lost_and_from_mailed_all_the_same(shop: Shop, sink: Sink) -> None:
    id_ = str(shop.client.post(SINGLE_SEND, json=a_send(shop.email_id)).json()["statusId"])
    until(lambda: alive(shop.program) == 0)
    books = Books(promised={"ann@example.org": [id_]})
    assert compare(shop.program, books, []).lost == [message_id(id_)]
    change(shop.program, "UPDATE sends SET state = 'canceled'")
    assert compare(shop.program, books, []).lost == [message_id(id_)], "nobody asked for that"
    books.asked_back.add(id_)
    assert compare(shop.program, books, []).lost == []
    assert compare(shop.program, books, sink.received).canceled_and_mailed == [message_id(id_)]


def test_a_report_that_was_taken_and_led_to_nothing_is_found_out(shop: Shop) -> None:
    assert misread(shop.program, ["ann@example.org"]) == [
        "ann@example.org has 0 events", "ann@example.org has 0 reports that count", "ann@example.org has 0 suppressions"
    ]  # fmt: skip
