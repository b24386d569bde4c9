"""What a domain says of MTA-STS, in DNS and on its policy host (RFC 8461 sections 3 and 4.1)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendwright.outbound.mta_sts import LONGEST, MOST_OCTETS, BadPolicy, Mode, StsPolicy, lists, read_policy, record_id

GOOD = "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.org\r\nmx: *.mail.example.org\r\nmax_age: 604800\r\n"


def policy_of(*patterns: str) -> StsPolicy:
    return StsPolicy(mode=Mode.ENFORCE, patterns=patterns, max_age=timedelta(days=7))


@pytest.mark.parametrize(
    "texts",
    [
        ["v=STSv1; id=20260101T000000;"],
        ["v=STSv1;id=20260101T000000"],
        ["v=STSv1; id=20260101T000000; more=things;"],
        ["v=spf1 -all", "v=STSv1; id=20260101T000000;"],
    ],
)
def test_a_record_names_the_policy_that_is_current(texts: list[str]):
    assert record_id(texts) == "20260101T000000"


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["v=STSv1 ; id=1"],
        ["v=STSv2; id=1"],
        ["id=1; v=STSv1"],
        ["v=STSv1;"],
        ["v=STSv1; id=;"],
        ["v=STSv1; id=a-b;"],
        ["v=STSv1; id=" + "a" * 33],
        ["v=STSv1; id=1; id=2"],
        ["v=STSv1; id=1;", "v=STSv1; id=2;"],
    ],
)
def test_a_record_that_is_none_names_no_policy(texts: list[str]):
    assert record_id(texts) is None


def test_a_policy_is_read():
    assert read_policy(GOOD.encode()) == StsPolicy(
        mode=Mode.ENFORCE, patterns=("mx1.example.org", "*.mail.example.org"), max_age=timedelta(days=7)
    )


def test_a_policy_with_bare_line_feeds_is_read():
    assert read_policy(GOOD.replace("\r\n", "\n").encode()) == read_policy(GOOD.encode())


def test_of_a_key_that_stands_twice_the_first_counts():
    assert read_policy((GOOD + "mode: none\nmax_age: 1\n").encode()) == read_policy(GOOD.encode())


def test_keys_that_are_not_known_are_passed_over():
    assert read_policy((GOOD + "colour: blue\n\n").encode()) == read_policy(GOOD.encode())


def test_a_policy_of_none_needs_no_mx():
    assert read_policy(b"version: STSv1\nmode: none\nmax_age: 0\n") == StsPolicy(
        mode=Mode.NONE, patterns=(), max_age=timedelta(0)
    )


def test_a_policy_holds_for_a_year_at_most():
    found = read_policy(GOOD.replace("604800", "9999999999").encode())
    assert isinstance(found, StsPolicy)
    assert found.max_age == LONGEST


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("STSv1", "STSv2", "version"),
        ("mode: enforce", "mode: Enforce", "mode"),
        ("mode: enforce", "colour: blue", "mode"),
        ("604800", "a week", "max_age"),
        ("604800", "-1", "max_age"),
        ("604800", "12345678901", "max_age"),
        ("mx:", "my:", "names no mx"),
        ("mx1.example.org", "mx_/1", "no host name"),
        ("mx1.example.org", "*.*.example.org", "no host name"),
        ("mx1.example.org", "", "no host name"),
    ],
)
def test_a_text_that_is_no_policy_says_why(old: str, new: str, why: str):
    found = read_policy(GOOD.replace(old, new).encode())
    assert isinstance(found, BadPolicy)
    assert why in found.reason


def test_a_policy_that_is_too_long_is_none():
    assert isinstance(read_policy(GOOD.encode() + b"#" * MOST_OCTETS), BadPolicy)


def test_a_policy_with_too_many_mx_is_none():
    assert isinstance(read_policy(GOOD.encode() + b"mx: a.example\n" * 501), BadPolicy)


def test_a_policy_that_is_not_utf8_is_none():
    assert isinstance(read_policy(GOOD.encode() + b"\xff"), BadPolicy)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: ("version: STSv1\n" + text).encode()))
def test_any_octets_are_a_policy_or_none(raw: bytes):
    assert isinstance(read_policy(raw), StsPolicy | BadPolicy)


@pytest.mark.parametrize("host", ["mx1.example.org", "MX1.example.ORG", "mx1.example.org.", "a.mail.example.org"])
def test_hosts_that_the_policy_names_are_listed(host: str):
    assert lists(policy_of("mx1.example.org", "*.mail.example.org"), host)


@pytest.mark.parametrize(
    "host", ["mx2.example.org", "mail.example.org", "a.b.mail.example.org", "org", "*.example.org"]
)
def test_a_wildcard_stands_for_exactly_one_label(host: str):
    assert not lists(policy_of("mx1.example.org", "*.mail.example.org"), host)
