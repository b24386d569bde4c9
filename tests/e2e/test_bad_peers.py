"""A receiver that says no, says nothing, or goes away: each has a status in plain words, and nothing is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.books import faults, rows
from tests.e2e.conftest import Shop
from tests.e2e.program import SINGLE_SEND, STATUSES, a_send, until
from tests.e2e.sink import CLOSE, GARBAGE, HANG, Sink

WITH_STARTTLS = "250-sink.test\r\n250 STARTTLS"


def send(shop: Shop) -> str:
    answer = shop.client.post(SINGLE_SEND, json=a_send(shop.email_id))
    assert answer.is_success, answer.text
    return str(answer.json()["statusId"])


def complete(shop: Shop, status_id: str, result: str | None = None) -> dict[str, Any]:
    """The status, once it is COMPLETE (with this result)."""

    def look() -> dict[str, Any] | None:
        status: dict[str, Any] = shop.client.get(f"{STATUSES}/{status_id}").json()
        done = status["status"] == "COMPLETE" and result in (None, status["sendResult"])
        return status if done else None

    return until(look)


def make_due(shop: Shop) -> None:
    """What waits for its next try need not wait longer: the clock of a process cannot be moved, its plan can."""
    connection = sqlite3.connect(shop.program.data / "sendwright.db", timeout=5)
    with connection:
        connection.execute("UPDATE deliveries SET due = accepted_at WHERE state IN ('waiting', 'in_doubt')")
    connection.close()


def outcomes(shop: Shop) -> list[str]:
    return [outcome for (outcome,) in rows(shop.program, "SELECT outcome FROM attempts ORDER BY id")]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param({"GREETING": "421 4.3.2 we are tired"}, id="421 at the greeting"),
        pytest.param({"GREETING": CLOSE}, id="closed at the greeting"),
        pytest.param({"GREETING": GARBAGE}, id="garbage for a greeting"),
        pytest.param({"MAIL": "421 4.3.2 we are tired"}, id="421 within the transaction"),
        pytest.param({"RCPT": "451 4.7.1 come back later"}, id="451 for the recipient"),
        pytest.param({"RCPT": CLOSE}, id="closed at the recipient"),
        pytest.param({"DATA": "421 4.3.2 we are tired"}, id="421 for DATA"),
        pytest.param({"DOT": "451 4.3.0 not now"}, id="451 for the message"),
    ],
)
def test_a_temporary_fault_puts_the_mail_off_and_it_arrives_once(
    shop: Shop, sink: Sink, script: dict[str, str]
) -> None:
    sink.script |= script
    status = complete(shop, send(shop), "QUEUED")
    assert "next try at" in status["message"]
    sink.script.clear()
    make_due(shop)
    complete(shop, status["statusId"], "SENT")
    assert len(sink.received) == 1
    assert faults(shop.program) == []


def test_a_relay_of_our_own_machine_whose_tls_is_garbage_gets_the_mail_in_clear(shop: Shop, sink: Sink) -> None:
    sink.script |= {"EHLO": WITH_STARTTLS, "STARTTLS": "220 go on"}
    complete(shop, send(shop), "SENT")
    assert sink.heard.count("STARTTLS") == 1
    assert len(sink.received) == 1


def test_garbage_where_tls_was_demanded_puts_the_mail_off(open_shop: Callable[..., Shop], sink: Sink) -> None:
    shop = open_shop(route=sink.route.replace("smtp:", "smtps:"))
    assert "TLS" in complete(shop, send(shop), "QUEUED")["message"]
    assert sink.received == []


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DOT"])
def test_a_permanent_refusal_ends_the_send_with_the_remote_words(shop: Shop, sink: Sink, stage: str) -> None:
    sink.script[stage] = "550 5.1.1 nobody of that name here"
    status = complete(shop, send(shop))
    assert "nobody of that name here" in status["message"]
    assert outcomes(shop) == ["failed"]
    assert faults(shop.program) == []


def test_a_connection_closed_after_the_dot_is_in_doubt_and_tried_again(shop: Shop, sink: Sink) -> None:
    sink.script["DOT"] = CLOSE
    status_id = send(shop)
    sink.wait_for(1)
    until(lambda: outcomes(shop) == ["in_doubt"])
    sink.script.clear()
    make_due(shop)
    complete(shop, status_id, "SENT")
    assert len({(receipt.message_id, receipt.digest) for receipt in sink.received}) == 1
    assert outcomes(shop) == ["in_doubt", "delivered"]


def test_a_stop_while_the_receiver_hangs_after_the_dot_leaves_the_mail_in_doubt(shop: Shop, sink: Sink) -> None:
    shop.program.stop()
    shop.program.settings["drain"] = "PT0.2S"
    shop.program.start()
    sink.script["DOT"] = HANG
    status_id = send(shop)
    sink.wait_to_hear("DOT")
    assert shop.program.stop() == 0
    assert outcomes(shop) == ["in_doubt"]
    sink.script.clear()
    shop.program.start()
    make_due(shop)
    complete(shop, status_id, "SENT")
    assert len({(receipt.message_id, receipt.digest) for receipt in sink.received}) == 1
