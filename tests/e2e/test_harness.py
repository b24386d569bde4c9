"""The first whole way, from outside: one POST, one mail, one status."""

from __future__ import annotations

from collections.abc import Callable

from tests.e2e.conftest import Shop
from tests.e2e.program import SINGLE_SEND, STATUSES, a_send
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
