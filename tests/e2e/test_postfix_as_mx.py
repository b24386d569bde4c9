"""A real Postfix is the recipients' mail exchanger: what it says is understood, in the session and afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e import postfix
from tests.e2e.conftest import Shop
from tests.e2e.names import Names
from tests.e2e.postfix import DOMAIN, FULL, GREYLISTED, UNKNOWN, receiving_postfix
from tests.e2e.program import SINGLE_SEND, a_send, until
from tests.e2e.sink import Sink

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(postfix.why_not() is not None, reason=postfix.why_not() or ""),
    pytest.mark.xdist_group("postfix"),
]


@pytest.fixture
def town(sink: Sink, open_shop: Callable[..., Shop]) -> Iterator[Shop]:
    """A shop that delivers by MX to Postfix."""
    zone = {(DOMAIN, "MX"): [f"10 mx.{DOMAIN}."], (f"mx.{DOMAIN}", "A"): ["127.0.0.1"]}
    with Names(zone) as names, receiving_postfix(sink_port=sink.port, reports_port=9) as server:
        settings = {"resolver": names.address, "mx_port": str(server.port), "allow_private_mx": "true"}
        yield open_shop(route="mx", settings=settings)


def outcome(shop: Shop, to: str) -> dict[str, Any]:
    """The send, once something came of it."""
    asked = shop.client.post(SINGLE_SEND, json=a_send(shop.email_id, to=to))
    assert asked.status_code == 200, asked.text
    where = f"/api/v1/sends/{asked.json()['statusId']}"
    send: dict[str, Any] = until(lambda: _settled(shop.client.get(where).json()))
    return send


def _settled(send: dict[str, Any]) -> dict[str, Any] | None:
    return send if send["attempts"] else None


def test_what_postfix_takes_arrives_behind_it(town: Shop, sink: Sink):
    send = outcome(town, f"anna@{DOMAIN}")
    assert send["sendResult"] == "SENT"
    until(lambda: sink.received)
    assert sink.received[0].recipient == f"anna@{DOMAIN}"


def test_an_unknown_mailbox_bounces_with_the_words_of_postfix(town: Shop):
    send = outcome(town, UNKNOWN)
    attempt = send["attempts"][0]
    assert (send["sendResult"], attempt["code"], attempt["enhancedCode"]) == ("UNDELIVERABLE", 550, "5.1.1")


def test_a_full_mailbox_is_put_off(town: Shop):
    send = outcome(town, FULL)
    attempt = send["attempts"][0]
    assert (send["sendResult"], attempt["code"], attempt["enhancedCode"]) == ("QUEUED", 452, "4.2.2")


def test_a_greylisted_mail_waits_a_few_minutes(town: Shop):
    send = outcome(town, GREYLISTED)
    attempt = send["attempts"][0]
    assert (send["sendResult"], attempt["code"], attempt["enhancedCode"]) == ("QUEUED", 450, "4.7.1")
