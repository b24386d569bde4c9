"""``sendwright tls-report``: how TLS went on a day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sendwright import database, outbound
from sendwright.outbound.tls_counts import Line
from sendwright.outbound.tls_policy import PolicyType, Result
from sendwright.run.clock import SystemClock
from tests.run.test_cli import Run, assert_one_sentence, run
from tests.run.test_cli_tokens import on, target

__all__ = ["run", "target"]


@pytest.fixture
def counted(run: Run, target: database.Target) -> Run:
    """``run`` where yesterday two sessions succeeded and one failed."""
    yesterday = SystemClock().now().date() - timedelta(days=1)

    def write(conn: database.Connection) -> None:
        good = Line(
            day=yesterday, domain="example.org", type=PolicyType.NONE, result=Result.SUCCESS, host="mx.example.org"
        )
        bad = Line(day=yesterday, domain="example.org", type=PolicyType.STS, result=Result.STS_FETCH)
        outbound.tls_store.add_counts(conn, {good: 2, bad: 1})

    on(target, write)
    return run


def test_yesterday_is_shown_where_no_day_is_given(counted: Run):
    lines = counted("tls-report").out.splitlines()
    assert lines[1].split() == ["example.org", "-", "sts", "sts-policy-fetch-error", "1"]
    assert lines[2].split() == ["example.org", "mx.example.org", "no-policy-found", "success", "2"]


def test_the_report_is_json_as_others_expect_it(counted: Run):
    document = counted("tls-report", "--json").document
    summaries = [policy["summary"] for policy in document["policies"]]
    assert {"total-successful-session-count": 2, "total-failure-session-count": 0} in summaries
    assert {"total-successful-session-count": 0, "total-failure-session-count": 1} in summaries


def test_a_day_without_mail_says_so(counted: Run):
    assert "Nothing was counted on 2026-01-01" in counted("tls-report", "2026-01-01").out


def test_what_is_no_day_is_refused(run: Run, tmp_path: Path):
    assert_one_sentence(run("tls-report", "yesterday"), "YEAR-MONTH-DAY")
