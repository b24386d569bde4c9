"""Who may try to log in, and who is locked out by whom (nobody, by others)."""

from __future__ import annotations

import pytest

from sendwright.doors import login_guard
from sendwright.doors.login_guard import LoginGuard, Tally, Tolerance

HERE, THERE = "192.0.2.0/24", "198.51.100.0/24"
TOKEN, OTHER = "abc@1.smtp.example.com", "def@1.smtp.example.com"


def guessed(guard: LoginGuard, network: str, times: int, name: str = TOKEN, at: float = 0.0) -> None:
    for _ in range(times):
        guard.failed(network, name, at)


def test_a_network_may_fail_nineteen_times():
    guard = LoginGuard()
    guessed(guard, HERE, 19)
    assert guard.may_try(HERE, TOKEN, 0.0)


def test_the_twentieth_failure_says_that_it_was_the_last():
    guard = LoginGuard()
    assert [guard.failed(HERE, TOKEN, 0.0) for _ in range(20)] == [False] * 19 + [True]


def test_after_twenty_failures_a_network_is_not_heard_for_any_name():
    guard = LoginGuard()
    guessed(guard, HERE, 20)
    assert not guard.may_try(HERE, TOKEN, 599.0)
    assert not guard.may_try(HERE, OTHER, 599.0)


def test_a_network_is_heard_again_when_ten_minutes_have_passed():
    guard = LoginGuard()
    guessed(guard, HERE, 20)
    assert guard.may_try(HERE, TOKEN, 600.0)


def test_failures_count_in_a_window_that_rolls():
    guard = LoginGuard()
    guessed(guard, HERE, 19, at=0.0)
    guessed(guard, HERE, 1, at=599.0)
    assert not guard.may_try(HERE, TOKEN, 599.0)
    assert guard.may_try(HERE, TOKEN, 600.0)


def test_a_clean_network_is_heard_though_its_token_is_attacked_from_everywhere():
    guard = LoginGuard()
    for number in range(1_000):
        guessed(guard, f"10.0.{number}.0/24", 20)
    assert guard.may_try(THERE, TOKEN, 0.0)


def test_under_attack_on_a_token_a_network_gets_one_guess_at_it():
    guard = LoginGuard()
    for number in range(100):
        guard.failed(f"10.0.{number}.0/24", TOKEN, 0.0)
    guard.failed(HERE, TOKEN, 0.0)
    assert not guard.may_try(HERE, TOKEN, 0.0)
    assert guard.may_try(HERE, OTHER, 0.0)


def test_in_a_flood_a_network_gets_one_guess_at_all():
    guard = LoginGuard()
    for number in range(1_000):
        guard.failed(f"10.{number % 256}.{number // 256}.0/24", f"{number}@1.smtp.example.com", 0.0)
    guard.failed(HERE, TOKEN, 59.0)
    assert not guard.may_try(HERE, OTHER, 59.0)
    assert guard.may_try(THERE, OTHER, 59.0)


def test_a_minute_after_a_flood_networks_have_their_usual_share():
    guard = LoginGuard()
    for number in range(1_000):
        guard.failed(f"10.{number % 256}.{number // 256}.0/24", f"{number}@1.smtp.example.com", 0.0)
    assert guard.may_try("10.0.0.0/24", OTHER, 60.0)


def test_a_program_that_had_the_right_password_is_heard_beside_a_neighbour_that_has_not():
    guard = LoginGuard()
    guard.succeeded(HERE, OTHER)
    guessed(guard, HERE, 20)
    assert guard.may_try(HERE, OTHER, 0.0)
    assert not guard.may_try(HERE, TOKEN, 0.0)


def test_the_trust_in_a_program_ends_with_its_first_failure():
    guard = LoginGuard()
    guard.succeeded(HERE, OTHER)
    guessed(guard, HERE, 20)
    guard.failed(HERE, OTHER, 0.0)
    assert not guard.may_try(HERE, OTHER, 0.0)


def test_memory_is_bounded_whatever_strangers_send(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(login_guard, "_MOST_KEPT", 50)
    guard = LoginGuard()
    for number in range(200):
        guard.failed(f"network {number}", "x" * 12_000 + str(number), 0.0)
        guard.succeeded(f"network {number}", str(number))
    assert len(guard._networks) == len(guard._names) == len(guard._friends) == 50


def test_the_longest_silent_are_forgotten_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(login_guard, "_MOST_KEPT", 2)
    tally = Tally(3, 10.0)
    for key in (b"a", b"b", b"a", b"c"):
        tally.add(key, 0.0)
    assert [tally.count(key, 0.0) for key in (b"a", b"b", b"c")] == [2, 0, 1]


def test_a_key_whose_moments_are_over_takes_no_memory():
    tally = Tally(3, 10.0)
    tally.add(b"a", 0.0)
    assert tally.count(b"a", 10.0) == 0
    assert len(tally) == 0


def test_the_figures_can_be_chosen():
    guard = LoginGuard(Tolerance(network=1))
    assert guard.failed(HERE, TOKEN, 0.0)
