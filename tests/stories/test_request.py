"""A request: how it waits, by what a repeat is known, and what its caller is told."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sendwright import ledger, single_send
from sendwright.ledger import KeyKind, SendResult, SendState
from sendwright.single_send.request import decode, encode, keys_of, status_view

from .shop import Shop, request

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def send(state: SendState = SendState.ACCEPTED, result: SendResult | None = None, **changes: Any) -> ledger.Send:
    usual = ledger.Send(
        account_id=1, id=ledger.SendId("s-1"), state=state, result=result, explanation=None, requested_at=NOON,
        started_at=None, completed_at=None, stream="transactional", email_id=7, campaign_id=None, app_id=1,
        recipient="ann@example.org", contact_id=None, sender=None, subject=None, sent_event_id=None, sent_event_at=None,
    )  # fmt: skip
    return replace(usual, **changes)


# --- as it waits


def test_what_composing_needs_comes_back_from_the_ledger():
    asked = request(
        to="Ånn <ann@example.org>", from_="shop@example.com", reply_to=("a@example.com",), cc=("b@example.org",),
        bcc=("c@example.org",), contact_properties={"firstname": "Ånn"}, custom_properties={"n": [1, {"x": None}]},
    )  # fmt: skip
    wish = decode(encode(asked))
    assert (wish.to, wish.from_, wish.reply_to, wish.cc, wish.bcc) == (
        "Ånn <ann@example.org>", "shop@example.com", ("a@example.com",), ("b@example.org",), ("c@example.org",)
    )  # fmt: skip
    assert (wish.contact_properties, wish.custom_properties) == ({"firstname": "Ånn"}, {"n": [1, {"x": None}]})


def test_the_same_request_in_another_order_gives_the_same_bytes():
    one = request(custom_properties={"a": 1, "b": {"c": 2, "d": 3}}, contact_properties={"x": "1", "y": "2"})
    other = request(custom_properties={"b": {"d": 3, "c": 2}, "a": 1}, contact_properties={"y": "2", "x": "1"})
    assert encode(one) == encode(other)


@pytest.mark.parametrize("changes", [{"to": "bob@example.org"}, {"custom_properties": {}}, {"email_id": 8}])
def test_another_request_gives_other_bytes(changes: dict[str, Any]):
    assert encode(request()) != encode(request(**changes))


def test_keys_are_no_part_of_what_waits():
    assert encode(request(send_id="a", idempotency_key="b", retry_count=2)) == encode(request())


def test_a_wish_shows_no_custom_property():
    assert "4711" not in repr(decode(encode(request())))


# --- repeats


def test_without_any_key_nothing_is_a_repeat():
    assert keys_of(request()) == ()


@pytest.mark.parametrize(
    ("field", "kind"), [("send_id", KeyKind.SEND_ID), ("idempotency_key", KeyKind.HEADER)]
)  # fmt: skip
def test_a_callers_key_is_kept_as_a_digest(field: str, kind: KeyKind):
    (key,) = keys_of(request(**{field: "order-4711"}))
    assert (key.kind, key.digest) == (kind, hashlib.sha256(b"order-4711").hexdigest())


def test_a_send_id_and_a_header_are_two_keys():
    assert [key.kind for key in keys_of(request(send_id="a", idempotency_key="a"))] == [KeyKind.SEND_ID, KeyKind.HEADER]


@pytest.mark.parametrize(("count", "repeated"), [(0, False), (1, True), (9, True)])
def test_a_client_that_counts_its_tries_is_known_by_its_body(count: int, repeated: bool):
    (key,) = keys_of(request(retry_count=count, fingerprint="e" * 64))
    assert (key.kind, key.digest, key.repeated) == (KeyKind.RETRY, "e" * 64, repeated)


@pytest.mark.parametrize("field", ["send_id", "idempotency_key"])
def test_a_callers_own_key_counts_alone(field: str):
    assert [key.kind for key in keys_of(request(retry_count=1, **{field: "a"}))] != [KeyKind.RETRY]
    assert len(keys_of(request(retry_count=1, **{field: "a"}))) == 1


# --- what a caller is told


def test_an_accepted_send_is_pending():
    view = status_view(send())
    assert (view.status_id, view.status, view.requested_at, view.is_final) == ("s-1", "PENDING", NOON, False)


def test_a_send_that_was_put_off_is_complete_and_queued():
    view = status_view(send(SendState.QUEUED, SendResult.QUEUED))
    assert (view.status, view.send_result, view.is_final) == ("COMPLETE", "QUEUED", True)


def test_a_canceled_send_is_final():
    assert status_view(send(SendState.CANCELED)).is_final


def test_a_sent_send_names_its_event():
    view = status_view(send(SendState.FINAL, SendResult.SENT, sent_event_id="e-1", sent_event_at=NOON))
    assert view.event_id == single_send.SentEvent(id="e-1", created=NOON)


@pytest.mark.parametrize("result", [SendResult.QUEUED, SendResult.UNDELIVERABLE])
def test_a_send_that_did_not_arrive_names_no_event(result: SendResult):
    view = status_view(send(SendState.FINAL, result, sent_event_id="e-1", sent_event_at=NOON))
    assert view.event_id is None


def test_the_explanation_is_the_message():
    assert status_view(send(SendState.FINAL, SendResult.MISSING_CONTENT, explanation="No such.")).message == "No such."


# --- on disk

pytestmark = pytest.mark.anyio


async def test_an_accepted_request_is_found_by_its_account_only(shop: Shop):
    view = await shop.ask()
    assert (view.status, view.requested_at) == ("PENDING", shop.clock.now())
    assert await single_send.find_status(shop.db, shop.account_id, view.status_id) == view
    assert await single_send.find_status(shop.db, shop.account_id + 1, view.status_id) is None


@pytest.mark.parametrize("field", ["send_id", "idempotency_key"])
async def test_a_repeat_is_answered_with_the_first_send_for_ever(shop: Shop, field: str):
    first = await shop.ask(**{field: "order-1"})
    shop.clock.advance(days=400)
    assert (await shop.ask(**{field: "order-1"})).status_id == first.status_id


@pytest.mark.parametrize("field", ["send_id", "idempotency_key"])
async def test_a_key_used_for_another_payload_fails(shop: Shop, field: str):
    first = await shop.ask(**{field: "order-1"})
    other = await shop.ask(**{field: "order-1"}, to="bob@example.org")
    assert (other.send_result, other.status) == ("IDEMPOTENT_FAIL", "COMPLETE")
    assert first.status_id in (other.message or "")


async def test_a_key_of_one_account_is_none_of_another(shop: Shop):
    first = await shop.ask(send_id="order-1")
    asked = request(email_id=shop.email_id, send_id="order-1")
    other = await single_send.accept(shop.db, shop.account_id + 1, None, asked, shop.clock.now())
    assert (other.status, other.status_id == first.status_id) == ("PENDING", False)


async def test_a_clients_own_retry_within_the_time_is_the_same_send(shop: Shop):
    first = await shop.ask(retry_count=0)
    shop.clock.advance(seconds=80)
    assert (await shop.ask(retry_count=1)).status_id == first.status_id


async def test_a_clients_own_retry_after_the_time_is_a_new_send(shop: Shop):
    first = await shop.ask(retry_count=0)
    shop.clock.advance(seconds=91)
    assert (await shop.ask(retry_count=1)).status_id != first.status_id


async def test_two_first_tries_with_the_same_words_are_two_sends(shop: Shop):
    first = await shop.ask(retry_count=0)
    shop.clock.advance(seconds=1)
    assert (await shop.ask(retry_count=0)).status_id != first.status_id


async def test_a_status_that_never_was_is_not_found(shop: Shop):
    assert await single_send.find_status(shop.db, shop.account_id, "nothing") is None


async def test_a_finished_send_says_when_it_began_and_ended(shop: Shop):
    view = await shop.ask(to="nobody")
    shop.clock.advance(seconds=3)
    await shop.compose()
    done = await single_send.find_status(shop.db, shop.account_id, view.status_id)
    assert done is not None
    assert (done.started_at, done.completed_at) == (shop.clock.now(), shop.clock.now())
    assert done.requested_at == shop.clock.now() - timedelta(seconds=3)
