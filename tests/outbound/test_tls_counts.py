"""What is counted of TLS, and the report that is made of it (RFC 8460 section 4.4)."""

from datetime import date
from typing import Any

import pytest

from sendwright.outbound.tls_counts import Line, Tally, report
from sendwright.outbound.tls_policy import PolicyType, Result

DAY = date(2026, 3, 2)
POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.org\r\nmax_age: 60\r\n"


def line(
    result: Result = Result.SUCCESS,
    type_: PolicyType = PolicyType.STS,
    *,
    host: str = "mx.example.org",
    domain: str = "example.org",
    day: date = DAY,
) -> Line:
    return Line(day=day, domain=domain, type=type_, result=result, host=host)


def made(*lines: Line) -> Any:
    tally = Tally()
    for each in lines:
        tally.count(each)
    texts = {"example.org": POLICY}
    return report(tally.take(), texts, DAY, organization="mail.example.com", contact="postmaster@mail.example.com")


def test_a_report_names_who_reports_on_which_day():
    found = made()
    assert found == {
        "organization-name": "mail.example.com",
        "date-range": {"start-datetime": "2026-03-02T00:00:00Z", "end-datetime": "2026-03-02T23:59:59Z"},
        "contact-info": "postmaster@mail.example.com",
        "report-id": "2026-03-02.mail.example.com",
        "policies": [],
    }


def test_sessions_are_summed_up_for_each_policy():
    (found,) = made(line(), line(host="mx2.example.org"), line(Result.EXPIRED), line(Result.EXPIRED))["policies"]
    assert found == {
        "policy": {
            "policy-type": "sts",
            "policy-domain": "example.org",
            "policy-string": ["version: STSv1", "mode: enforce", "mx: mx.example.org", "max_age: 60"],
        },
        "summary": {"total-successful-session-count": 2, "total-failure-session-count": 2},
        "failure-details": [
            {
                "result-type": "certificate-expired",
                "receiving-mx-hostname": "mx.example.org",
                "failed-session-count": 2,
            }
        ],
    }


def test_a_policy_that_could_not_be_fetched_names_no_server():
    (found,) = made(line(Result.STS_FETCH, host=""))["policies"]
    assert found["failure-details"] == [{"result-type": "sts-policy-fetch-error", "failed-session-count": 1}]


def test_the_policy_domain_of_dane_is_the_server():
    (found,) = made(line(type_=PolicyType.TLSA))["policies"]
    assert found["policy"] == {"policy-type": "tlsa", "policy-domain": "mx.example.org"}


def test_kinds_and_domains_are_told_apart():
    kinds = made(line(), line(type_=PolicyType.NONE), line(domain="example.net"))["policies"]
    assert [(kind["policy"]["policy-type"], kind["policy"]["policy-domain"]) for kind in kinds] == [
        ("no-policy-found", "example.org"), ("sts", "example.net"), ("sts", "example.org"),
    ]  # fmt: skip


def test_other_days_are_not_in_it():
    assert made(line(day=date(2026, 3, 1)))["policies"] == []


def test_what_was_taken_is_not_taken_again():
    tally = Tally()
    tally.count(line())
    assert tally.take() == {line(): 1}
    assert tally.take() == {}


def test_what_is_given_back_is_added():
    tally = Tally()
    tally.count(line())
    tally.give_back({line(): 2, line(Result.EXPIRED): 1})
    assert tally.take() == {line(): 3, line(Result.EXPIRED): 1}


def test_only_so_many_different_lines_are_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sendwright.outbound.tls_counts._MOST", 1)
    tally = Tally()
    tally.count(line())
    tally.count(line(Result.EXPIRED))
    tally.give_back({line(): 1, line(Result.EXPIRED): 1})
    assert tally.take() == {line(): 2}
