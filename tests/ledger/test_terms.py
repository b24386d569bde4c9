"""Terms as senders write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sendwright import ledger
from sendwright.ledger import rules

ACCEPTED = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("PT5M", timedelta(minutes=5)),
        ("pt30m", timedelta(minutes=30)),
        ("P5D", timedelta(days=5)),
        (" P1DT2H3M4S ", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("PT600S", timedelta(minutes=10)),
    ],
)
def test_a_span_is_read_as_iso_8601_writes_it(text: str, span: timedelta):
    assert ledger.read_give_up_after(text) == span


@pytest.mark.parametrize("text", ["", "P", "PT", "5M", "PT4M59S", "PT121H", "P6D", "PT5", "-PT5M", "P1Y", "PT9999999S"])
def test_any_other_span_is_refused(text: str):
    with pytest.raises(ValueError, match="PT5M to PT120H"):
        ledger.read_give_up_after(text)


@pytest.mark.parametrize(("text", "policy"), [("retry", "retry"), (" HOLD ", "hold")])
def test_a_policy_is_retry_or_hold(text: str, policy: str):
    assert ledger.read_policy(text) == policy


def test_any_other_policy_is_refused():
    with pytest.raises(ValueError, match="retry or hold"):
        ledger.read_policy("drop")


@pytest.mark.parametrize(
    ("age", "wait", "told"),
    [
        (0 * HOUR, 0.9 * HOUR, None),
        (0 * HOUR, HOUR, HOUR),
        (0.9 * HOUR, HOUR, HOUR),
        (HOUR, HOUR, None),
        (23 * HOUR, 4 * HOUR, 24 * HOUR),
        (0 * HOUR, 30 * HOUR, 24 * HOUR),
        (24 * HOUR, 4 * HOUR, None),
    ],
)
def test_a_delay_is_told_before_it_passes_an_hour_and_a_day(age: timedelta, wait: timedelta, told: timedelta | None):
    now = ACCEPTED + age
    assert rules.delay_passed(ACCEPTED, now, now + wait) == told
