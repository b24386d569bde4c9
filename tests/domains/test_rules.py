"""Which texts are domain names; when a domain is checked, and what a check leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sendwright.domains import Domain, DomainState, Proof, Standing, rules
from sendwright.domains.model import Connection


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("Example.COM", "example.com"),
        (" mail.example.com. ", "mail.example.com"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("a-b.example", "a-b.example"),
    ],
)
def test_a_name_is_read_into_lower_case_a_labels(given: str, wanted: str):
    assert rules.read_domain_name(given) == wanted


@pytest.mark.parametrize(
    "given",
    ["", "localhost", "192.0.2.1", "[192.0.2.1]", "-a.example", "a-.example", "a..example", ".example", "a b.example",
     "a_b.example", "a@b.example", "x" * 64 + ".example", "é" * 300, "é\u0640-.example", "a.example\r\nX: y",
     ".".join(["abcdefgh"] * 40) + ".example"],
)  # fmt: skip
def test_other_texts_are_no_domain_names(given: str):
    with pytest.raises(ValueError, match="domain name"):
        rules.read_domain_name(given)


def test_a_selector_is_one_label():
    assert rules.read_selector("sw1") == "sw1"


@pytest.mark.parametrize("given", ["", "a.b", "-a", "a-", "A", "a b", "a" * 64])
def test_other_texts_are_no_selectors(given: str):
    with pytest.raises(ValueError, match="no selector"):
        rules.read_selector(given)


# --- checks

BORN = datetime(2026, 3, 2, tzinfo=UTC)
PENDING = Domain(
    account_id=1, name="example.com", connection=None, tracking_host=None, return_path_host=None, created_at=BORN
)
BY_DECREE = replace(PENDING, connection=Connection(at=BORN, how=Proof.DECREE))
RIGHT_ONCE = replace(PENDING, connection=Connection(at=BORN, how=Proof.DNS), right_at=BORN)
DEGRADED = replace(RIGHT_ONCE, degraded_since=BORN)
LATER = BORN + timedelta(hours=30)


@pytest.mark.parametrize(
    ("domain", "standing", "at", "wait"),
    [
        (PENDING, Standing.WRONG, BORN, timedelta(minutes=5)),
        (PENDING, Standing.UNKNOWN, BORN + timedelta(hours=23), timedelta(minutes=5)),
        (PENDING, Standing.WRONG, LATER, timedelta(hours=1)),
        (RIGHT_ONCE, Standing.RIGHT, LATER, timedelta(days=1)),
        (RIGHT_ONCE, Standing.UNKNOWN, LATER, timedelta(hours=1)),
        (DEGRADED, Standing.WRONG, LATER, timedelta(hours=1)),
    ],
)
def test_the_next_check_comes_after(domain: Domain, standing: Standing, at: datetime, wait: timedelta):
    assert rules.next_check(domain, standing, at, 0.5) - at == wait


def test_checks_are_spread():
    first, last = (rules.next_check(RIGHT_ONCE, Standing.RIGHT, LATER, chance) for chance in (0.0, 1.0))
    assert last - first == timedelta(days=1) * 0.2


@pytest.mark.parametrize(
    ("domain", "standing", "state"),
    [
        (PENDING, Standing.RIGHT, DomainState.CONNECTED),
        (PENDING, Standing.WRONG, DomainState.PENDING),
        (PENDING, Standing.UNKNOWN, DomainState.PENDING),
        (BY_DECREE, Standing.RIGHT, DomainState.CONNECTED),
        (BY_DECREE, Standing.WRONG, DomainState.CONNECTED),
        (RIGHT_ONCE, Standing.WRONG, DomainState.DEGRADED),
        (RIGHT_ONCE, Standing.UNKNOWN, DomainState.CONNECTED),
        (DEGRADED, Standing.UNKNOWN, DomainState.DEGRADED),
        (DEGRADED, Standing.RIGHT, DomainState.CONNECTED),
        (replace(BY_DECREE, right_at=BORN), Standing.WRONG, DomainState.DEGRADED),
    ],
)
def test_a_check_leaves_a_domain(domain: Domain, standing: Standing, state: DomainState):
    assert rules.after_check(domain, standing, LATER).state is state


def test_a_domain_connected_by_decree_stays_so_when_it_is_right():
    assert rules.after_check(BY_DECREE, Standing.RIGHT, LATER).connection == BY_DECREE.connection


def test_a_degraded_domain_keeps_its_since():
    assert rules.after_check(DEGRADED, Standing.WRONG, LATER).degraded_since == BORN


@pytest.mark.parametrize(("seconds", "may"), [(9, False), (10, True), (-60, True)])
def test_a_check_rests_for_ten_seconds(seconds: int, may: bool):
    assert rules.may_check(replace(PENDING, checked_at=BORN), BORN + timedelta(seconds=seconds)) is may


def test_the_first_check_waits_for_nothing():
    assert rules.may_check(PENDING, BORN)
