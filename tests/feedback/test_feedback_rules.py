"""What a reason means for an address, and HubSpot's word for it: every reason is decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from sendwright import feedback
from sendwright.feedback import Weight
from sendwright.feedback.rules import Counted, are_enough
from sendwright.outbound.model import Category

NOW = datetime(2026, 3, 2, tzinfo=UTC)
AT_ONCE = ("userunknown", "hasmoved", "hostunknown")
COUNTED = (
    "mailboxfull", "suspend", "expired", "networkerror", "systemerror", "systemfull", "toomanyconn", "speeding",
    "notaccept",
)  # fmt: skip
NEVER = (
    "blocked", "badreputation", "spamdetected", "policyviolation", "authfailure", "requireptr", "rejected",
    "securityerror", "norelaying", "contenterror", "mesgtoobig", "virusdetected", "syntaxerror", "exceedlimit",
    "mailererror", "failedstarttls", "notcompliantrfc", "onhold", "undefined",
)  # fmt: skip


@pytest.mark.parametrize(
    ("weight", "reasons"),
    [
        (Weight.AT_ONCE, AT_ONCE), (Weight.COUNTED, COUNTED), (Weight.FEW, ("filtered",)), (Weight.NEVER, NEVER),
        (Weight.NOTHING, ("vacation", "delivered", "feedback")), (Weight.NEVER, ("a word nobody knows",)),
    ],
)  # fmt: skip
def test_each_reason_has_its_weight(weight: Weight, reasons: Sequence[str]):
    assert {reason: feedback.weight_of(reason) for reason in reasons} == dict.fromkeys(reasons, weight)


def test_every_reason_is_one_of_hubspots_categories():
    assert {feedback.category_of(reason) for reason in feedback.REASONS} <= set(Category)


def test_a_reason_that_is_not_known_is_in_no_category():
    assert feedback.category_of("a word nobody knows") == Category.UNCATEGORIZED


def test_what_fails_in_the_session_is_counted_by_reasons_that_count():
    reasons = {category: feedback.reason_in_session(category) for category in Category}
    counted = {reason for reason in reasons.values() if reason is not None}
    assert {feedback.weight_of(reason) for reason in counted} == {Weight.COUNTED, Weight.FEW}
    about_us = ("IP_REPUTATION", "DOMAIN_REPUTATION", "SPAM", "POLICY", "DMARC", "CONTENT", "UNCATEGORIZED")
    assert [reasons[Category(each)] for each in about_us] == [None] * len(about_us)


def failures(number: int, days: float, reason: str = "mailboxfull") -> list[Counted]:
    """So many, evenly over so many days, the last one now."""
    return [Counted(at=NOW - timedelta(days=days * n / max(number - 1, 1)), reason=reason) for n in range(number)]


@pytest.mark.parametrize(
    ("number", "days", "reason", "enough"),
    [
        (5, 10, "mailboxfull", True), (4, 30, "mailboxfull", False), (5, 9.9, "mailboxfull", False),
        (50, 1, "expired", False), (3, 10, "filtered", True), (2, 30, "filtered", False), (50, 30, "blocked", False),
    ],
)  # fmt: skip
def test_failures_are_enough_by_number_and_days(number: int, days: float, reason: str, enough: bool):
    assert are_enough(failures(number, days, reason), None, NOW) is enough


def test_what_was_before_a_delivery_does_not_count():
    assert not are_enough(failures(6, 20), NOW - timedelta(days=9), NOW)


def test_what_is_very_old_does_not_count():
    assert not are_enough(failures(5, 800), None, NOW)
