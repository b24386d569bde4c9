"""The lives of a send and a delivery: every pair is decided."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest

from sendwright import ledger
from sendwright.ledger import rules
from sendwright.ledger.rules import CannotBe, DeliveryEvent, SendEvent


@pytest.mark.parametrize(("state", "event"), [*itertools.product(ledger.SendState, SendEvent)])
def test_every_pair_of_a_sends_life_is_decided(state: ledger.SendState, event: SendEvent) -> None:
    assert event in rules.SEND_MOVES[state]


@pytest.mark.parametrize(("state", "event"), [*itertools.product(ledger.DeliveryState, DeliveryEvent)])
def test_every_pair_of_a_deliverys_life_is_decided(state: ledger.DeliveryState, event: DeliveryEvent) -> None:
    assert event in rules.DELIVERY_MOVES[state]


def test_what_is_final_never_moves_again() -> None:
    ends = [rules.SEND_MOVES[ledger.SendState.FINAL], rules.SEND_MOVES[ledger.SendState.CANCELED]]
    ends += [rules.DELIVERY_MOVES[state] for state in rules.FINAL_DELIVERIES]  # type: ignore[misc]
    assert {after for moves in ends for after in moves.values()} == {None}


def test_a_delivery_that_is_committing_is_never_freed_at_once() -> None:
    after = rules.delivery_after(ledger.DeliveryState.COMMITTING, DeliveryEvent.LEASE_LOST)
    assert after is ledger.DeliveryState.IN_DOUBT


def test_an_impossible_move_of_a_delivery_says_what_was_tried() -> None:
    with pytest.raises(CannotBe, match="a delivery that is delivered cannot claim"):
        rules.delivery_after(ledger.DeliveryState.DELIVERED, DeliveryEvent.CLAIM)


def test_an_impossible_move_of_a_send_says_what_was_tried() -> None:
    with pytest.raises(CannotBe, match="a send that is final cannot claim"):
        rules.send_after(ledger.SendState.FINAL, SendEvent.CLAIM)


@pytest.mark.parametrize("outcome", list(ledger.Outcome))
def test_an_outcome_leads_to_one_state_from_wherever_it_is_possible(outcome: ledger.Outcome) -> None:
    event = rules._OUTCOME_EVENTS[outcome]
    assert {rules.delivery_after(before, event) for before in rules.guard_of(outcome)} == {rules.state_after(outcome)}


@pytest.mark.parametrize(
    ("state", "result", "status"),
    [
        (ledger.SendState.ACCEPTED, None, "PENDING"),
        (ledger.SendState.COMPOSING, None, "PROCESSING"),
        (ledger.SendState.QUEUED, None, "PROCESSING"),
        (ledger.SendState.QUEUED, ledger.SendResult.QUEUED, "COMPLETE"),
        (ledger.SendState.FINAL, ledger.SendResult.SENT, "COMPLETE"),
        (ledger.SendState.CANCELED, None, "CANCELED"),
    ],
)
def test_the_status_follows_from_state_and_result(
    state: ledger.SendState, result: ledger.SendResult | None, status: str
) -> None:
    assert rules.status_of(state, result) == status


def test_a_send_id_counts_for_ever(now: datetime) -> None:
    key = ledger.Key(kind=ledger.KeyKind.SEND_ID, digest="x")
    assert rules.still_counts(key, now - timedelta(days=3650), now)


def test_a_clients_own_repeat_counts_for_a_short_while(now: datetime) -> None:
    key = ledger.Key(kind=ledger.KeyKind.RETRY, digest="x", repeated=True)
    assert rules.still_counts(key, now - rules.RETRY_KEY_LIFE, now)
    assert not rules.still_counts(key, now - rules.RETRY_KEY_LIFE - timedelta(seconds=1), now)


def test_a_first_try_is_never_a_repeat_of_itself(now: datetime) -> None:
    key = ledger.Key(kind=ledger.KeyKind.RETRY, digest="x", repeated=False)
    assert not rules.still_counts(key, now, now)


def test_the_diagrams_are_drawn_from_the_tables() -> None:
    assert "committing --> in_doubt: lease lost" in rules.draw_deliveries()
    assert "accepted --> composing: claim" in rules.draw_sends()
