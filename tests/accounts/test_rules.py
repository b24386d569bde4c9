"""Verdicts on tokens and sessions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sendwright.accounts import rules
from sendwright.accounts.model import ALL_SCOPES, AccountId, ApiToken, Session, TokenId, UserId
from sendwright.accounts.rules import TokenVerdict, judge_token

SECOND = timedelta(seconds=1)


@pytest.fixture
def token(now: datetime) -> ApiToken:
    return ApiToken(
        account_id=AccountId(1), id=TokenId("t"), name="shop", scopes=frozenset({"content"}), created_at=now,
        created_by="operator", expires_at=None, revoked_at=None, last_used_at=None,
    )  # fmt: skip


@pytest.fixture
def session(now: datetime) -> Session:
    return Session(account_id=AccountId(1), user_id=UserId(101), created_at=now, used_at=now)


def test_no_token_is_unknown(now: datetime):
    assert judge_token(None, now) is TokenVerdict.UNKNOWN


def test_a_token_without_an_end_is_good(token: ApiToken, now: datetime):
    assert judge_token(token, now + timedelta(days=10_000)) is TokenVerdict.GOOD


def test_a_token_is_good_until_it_expires(token: ApiToken, now: datetime):
    assert judge_token(replace(token, expires_at=now + SECOND), now) is TokenVerdict.GOOD


def test_a_token_is_dead_at_the_moment_it_expires(token: ApiToken, now: datetime):
    assert judge_token(replace(token, expires_at=now), now) is TokenVerdict.EXPIRED


def test_a_revoked_token_stays_revoked_when_it_has_expired_too(token: ApiToken, now: datetime):
    assert judge_token(replace(token, expires_at=now, revoked_at=now), now) is TokenVerdict.REVOKED


def test_a_session_is_open_while_it_is_used(session: Session, now: datetime):
    assert rules.is_open(session, now + rules.SESSION_IDLE - SECOND)


def test_an_idle_session_is_over(session: Session, now: datetime):
    assert not rules.is_open(session, now + rules.SESSION_IDLE)


def test_a_session_that_is_used_all_the_time_ends_all_the_same(session: Session, now: datetime):
    end = now + rules.SESSION_AT_MOST
    assert not rules.is_open(replace(session, used_at=end - SECOND), end)


def test_a_first_use_is_noted(now: datetime):
    assert rules.is_use_worth_noting(None, now)


def test_a_use_soon_after_another_is_not_noted(now: datetime):
    assert not rules.is_use_worth_noting(now, now + SECOND)


def test_all_stands_for_every_scope():
    assert rules.read_scopes(["all"]) == frozenset(ALL_SCOPES)


def test_scopes_are_taken_by_name():
    assert rules.read_scopes(["content", "oauth"]) == {"content", "oauth"}


def test_a_scope_that_does_not_exist_is_refused_by_name():
    with pytest.raises(ValueError, match="no such scope: contents, mail"):
        rules.read_scopes(["mail", "content", "contents"])
