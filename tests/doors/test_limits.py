"""The rolling rate limit."""

from __future__ import annotations

from datetime import datetime, timedelta

from sendwright.doors.limits import Allowance, RollingLimit

SECOND = timedelta(seconds=1)


def test_a_share_counts_down(now: datetime):
    limit = RollingLimit(2, SECOND)
    assert [limit.take("a", now).remaining for _ in range(2)] == [1, 0]


def test_a_call_over_the_limit_is_told_how_long_to_wait(now: datetime):
    limit = RollingLimit(1, SECOND)
    limit.take("a", now)
    assert limit.take("a", now + SECOND / 4) == Allowance(0, SECOND * 3 / 4)


def test_the_window_rolls(now: datetime):
    limit = RollingLimit(1, SECOND)
    limit.take("a", now)
    assert limit.take("a", now + SECOND).wait is None


def test_a_refused_call_does_not_count(now: datetime):
    limit = RollingLimit(1, SECOND)
    for _ in range(5):
        limit.take("a", now)
    assert limit.take("a", now + SECOND).wait is None


def test_each_key_has_its_own_share(now: datetime):
    limit = RollingLimit(1, SECOND)
    limit.take("a", now)
    assert limit.take("b", now).wait is None


def test_zero_is_no_limit(now: datetime):
    limit = RollingLimit(0, SECOND)
    assert all(limit.take("a", now).wait is None for _ in range(1000))


def test_keys_do_not_pile_up(now: datetime):
    limit = RollingLimit(1, SECOND)
    for number in range(10_050):
        limit.take(str(number), now)
    assert len(limit._calls) == 10_000
