"""When a token is warned about, and what is said of the days it has left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sendwright import accounts
from sendwright.accounts import rules

NOW = datetime(2026, 3, 2, 14, 2, 7, tzinfo=UTC)


def token(left: timedelta | None, warned: int = 0) -> accounts.SmtpToken:
    return accounts.SmtpToken(
        account_id=accounts.AccountId(1), id=accounts.SmtpTokenId("u"), epoch=1, campaign_name="c",
        create_contact=True, email_id=1, campaign_id=1, created_at=NOW, created_by="a@example.com",
        expires_at=None if left is None else NOW + left, warned=warned, last_used_at=None,
    )  # fmt: skip


def days(count: float) -> timedelta:
    return timedelta(days=count)


@pytest.mark.parametrize(
    ("left", "warned", "due"),
    [
        (None, 0, 0),
        (days(31), 0, 0),
        (days(30), 0, 30),
        (days(30), 30, 0),
        (days(8), 30, 0),
        (days(7), 30, 7),
        (days(7), 7, 0),
        (days(1), 0, 7),
    ],
)
def test_each_warning_is_due_once(left: timedelta | None, warned: int, due: int):
    assert rules.warning_due(token(left, warned), NOW) == due


@pytest.mark.parametrize(
    ("left", "said"),
    [(None, None), (days(31), None), (days(30), 30), (days(12.9), 12), (days(0.5), 0), (days(-1), 0)],
)
def test_the_days_left_are_said_when_they_are_few(left: timedelta | None, said: int | None):
    assert rules.days_left(token(left), NOW) == said


@pytest.mark.parametrize(("left", "over"), [(None, False), (days(1), False), (days(0), True), (days(-1), True)])
def test_a_token_has_expired_when_its_moment_has_come(left: timedelta | None, over: bool):
    assert rules.has_expired(token(left), NOW) is over
