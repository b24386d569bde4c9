"""How long a process believes that a delivery is its own: never longer than the database does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sendwright.run.clock import SystemClock
from sendwright.run.leases import Leases

ONE, OTHER = (1, "d-1"), (1, "d-2")


class Watch:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def watch() -> Watch:
    return Watch()


def taken(watch: Watch, lease: float = 120) -> Leases:
    leases = Leases(timedelta(seconds=lease), watch)
    leases.took([ONE], leases.asked())
    return leases


@pytest.mark.parametrize(
    ("lease", "age", "suffices"),
    [
        (120, 90, True), (120, 90.1, False), (120, 121, False),
        (600, 570, True), (600, 570.1, False),
        (4, 3, True), (4, 3.1, False),
    ],
)  # fmt: skip
def test_thirty_seconds_or_a_quarter_of_the_lease_must_be_left_for_the_dot(
    watch: Watch, lease: float, age: float, suffices: bool
) -> None:
    leases = taken(watch, lease)
    watch.at += age
    assert leases.suffices(ONE) is suffices


def test_a_lease_counts_from_before_the_claim_was_asked(watch: Watch) -> None:
    leases = Leases(timedelta(seconds=120), watch)
    asked = leases.asked()
    watch.at += 91  # so long the answer took
    leases.took([ONE], asked)
    assert not leases.suffices(ONE)


def test_what_was_never_taken_has_no_lease(watch: Watch) -> None:
    assert not taken(watch).suffices(OTHER)


def test_a_renewal_prolongs_from_when_it_was_asked(watch: Watch) -> None:
    leases = taken(watch)
    watch.at += 60
    asked = leases.asked()
    watch.at += 10
    leases.renewed([ONE], asked)
    watch.at += 80
    assert leases.suffices(ONE)
    watch.at += 0.1
    assert not leases.suffices(ONE)


def test_a_renewal_that_is_answered_after_the_deadline_proves_nothing(watch: Watch) -> None:
    leases = taken(watch)
    asked = leases.asked()
    watch.at += 121
    leases.renewed([ONE], asked)
    leases.renewed([ONE], leases.asked())
    assert not leases.suffices(ONE)


def test_a_renewal_of_one_does_not_prolong_another(watch: Watch) -> None:
    leases = taken(watch)
    leases.took([OTHER], leases.asked())
    watch.at += 60
    leases.renewed([ONE], leases.asked())
    watch.at += 60
    assert (leases.suffices(ONE), leases.suffices(OTHER)) == (True, False)


def test_what_is_let_go_is_forgotten(watch: Watch) -> None:
    leases = taken(watch)
    leases.let_go(ONE)
    leases.let_go(ONE)
    assert not leases.suffices(ONE)


def test_the_clock_of_leases_never_goes_back() -> None:
    clock = SystemClock()
    assert clock.since_boot() <= clock.since_boot()
