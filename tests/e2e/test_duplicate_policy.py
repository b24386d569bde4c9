"""A kill after the final dot: by the sender's wish the mail goes out again after a while, or waits for a person."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import PostgresServer
from tests.e2e.books import alive, faults, rows
from tests.e2e.conftest import Shop
from tests.e2e.program import SINGLE_SEND, a_send, until
from tests.e2e.sink import Sink

pytestmark = pytest.mark.slow

POLICY = "X-Sendwright-Duplicate-Policy"
WAIT_SECONDS = 1.0
_QUICK = {"in_doubt_wait": f"PT{WAIT_SECONDS:.0f}S", "lease": "PT2S", "log_level": "warning"}
OpenShop = Callable[..., Shop]


@pytest.fixture(params=["sqlite", "postgresql"])
def mortal(request: pytest.FixtureRequest, open_shop: OpenShop, sink: Sink, postgres: PostgresServer) -> Shop:
    """A shop that dies when it has sent its first dot."""
    database = postgres.new_database() if request.param == "postgresql" else None
    return open_shop(database=database, route=sink.route, settings={**_QUICK, "failpoint": "S5"})


def send_and_die(shop: Shop, sink: Sink, **headers: str) -> str:
    """The status id of a mail that arrived, which the program does not know when it runs again."""
    answer = shop.client.post(SINGLE_SEND, json=a_send(shop.email_id), headers=headers)
    assert answer.is_success, answer.text
    assert shop.program.await_end() == -signal.SIGKILL
    sink.wait_for(1)
    del shop.program.settings["failpoint"]
    shop.program.start()
    return str(answer.json()["statusId"])


def outcomes(shop: Shop) -> list[str]:
    return [outcome for (outcome,) in rows(shop.program, "SELECT outcome FROM attempts ORDER BY number")]


def held(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.client.get("/api/v1/queue/deliveries?state=held").json()["results"]
    return found


def test_with_hold_it_is_held_with_the_reason_until_it_is_released(mortal: Shop, sink: Sink) -> None:
    id_ = send_and_die(mortal, sink, **{POLICY: "hold"})
    (waits,) = until(lambda: held(mortal))
    assert (waits["hold"], waits["tries"]) == ("in_doubt", 1)
    assert "it may have arrived" in waits["message"]
    assert "release it to send it again" in waits["message"]
    assert len(sink.received) == 1
    assert mortal.program.command("queue", "release", id_).returncode == 0
    until(lambda: alive(mortal.program) == 0)
    first, second = sink.received
    assert (first.message_id, first.digest) == (second.message_id, second.digest)
    assert outcomes(mortal) == ["in_doubt", "delivered"]
    assert faults(mortal.program) == []


def test_with_hold_it_can_be_canceled_instead_and_is_never_sent_again(mortal: Shop, sink: Sink) -> None:
    id_ = send_and_die(mortal, sink, **{POLICY: "hold"})
    until(lambda: held(mortal))
    assert mortal.program.command("queue", "cancel", id_, "--reason", "it has arrived").returncode == 0
    assert alive(mortal.program) == 0
    assert mortal.client.get(f"/api/v1/sends/{id_}").json()["status"] == "CANCELED"
    assert (len(sink.received), outcomes(mortal)) == (1, ["in_doubt"])
    assert faults(mortal.program) == []


def test_with_retry_the_same_message_goes_out_again_after_the_wait(mortal: Shop, sink: Sink) -> None:
    send_and_die(mortal, sink, **{POLICY: "retry"})
    until(lambda: alive(mortal.program) == 0)
    first, second = sink.received
    assert (first.message_id, first.digest) == (second.message_id, second.digest)
    assert second.at - first.at >= WAIT_SECONDS
    assert outcomes(mortal) == ["in_doubt", "delivered"]
    assert faults(mortal.program) == []


def test_the_installation_may_hold_what_is_in_doubt_where_the_sender_says_nothing(
    open_shop: OpenShop, sink: Sink
) -> None:
    shop = open_shop(route=sink.route, settings={**_QUICK, "failpoint": "S6", "duplicate_policy": "hold"})
    send_and_die(shop, sink)
    (waits,) = until(lambda: held(shop))
    assert waits["hold"] == "in_doubt"
    assert len(sink.received) == 1
