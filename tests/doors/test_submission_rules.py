"""What a client may cost a door: time, connections, memory."""

from __future__ import annotations

import pytest

from sendwright.doors.smtp_shell.rules import Crowd, Pace, Patience, Room, network_of

PATIENCE = Patience()


def pace() -> Pace:
    """Of a client that was greeted at 0."""
    made = Pace(PATIENCE)
    made.answered(0.0)
    return made


# --- time


def test_an_idle_client_has_five_minutes():
    assert pace().deadline == 300.0


def test_an_answer_begins_five_new_minutes():
    idle = pace()
    idle.heard(6, 100.0)
    idle.answered(100.0)
    assert idle.deadline == 400.0
    assert not idle.in_request


def test_a_request_has_its_grace_and_what_its_octets_buy():
    begun = pace()
    begun.heard(5_000, 100.0)
    assert begun.deadline == 140.0
    assert begun.in_request


def test_one_octet_each_ten_seconds_buys_no_more_than_the_grace():
    slow = pace()
    for number in range(4):
        slow.heard(1, number * 10.0)
    assert slow.deadline < 31.0


def test_a_client_at_the_least_rate_is_never_cut():
    steady = pace()
    for second in range(10_000):
        steady.heard(500, float(second))
        assert steady.deadline > second + 1


def test_a_client_below_the_least_rate_is_cut_in_the_end():
    slow = pace()
    cut = next(second for second in range(10_000) if slow.heard(250, float(second)) or slow.deadline < second + 1)
    assert 50 < cut < 70


def test_who_was_fast_may_not_be_silent_for_longer_than_the_idle_time():
    fast = pace()
    fast.heard(40_000_000, 10.0)
    assert fast.deadline == 310.0


def test_no_time_runs_while_we_owe_an_answer():
    waiting = pace()
    waiting.waits_for_us()
    assert waiting.deadline == float("inf")


def test_after_a_wait_of_ours_the_grace_is_fresh():
    held = pace()
    held.allow(60.0, 100.0)
    assert held.deadline == 160.0
    held.goes_on(150.0)
    assert held.deadline == 180.0
    assert held.in_request


@pytest.mark.parametrize(("errors", "delay"), [(0, 0), (10, 0), (11, 1), (12, 2), (15, 5), (16, 5), (19, 5)])
def test_answers_slow_down_after_ten_errors(errors: int, delay: float):
    assert PATIENCE.delay_after(errors) == delay


# --- connections


def test_one_network_gets_its_share_and_no_more():
    crowd = Crowd(most=100, most_each=2)
    assert [crowd.enter("a"), crowd.enter("a"), crowd.enter("a"), crowd.enter("b")] == [True, True, False, True]


def test_all_together_get_no_more_than_the_door_has():
    crowd = Crowd(most=2, most_each=2)
    assert [crowd.enter("a"), crowd.enter("b"), crowd.enter("c")] == [True, True, False]


def test_who_leaves_makes_a_place():
    crowd = Crowd(most=1, most_each=1)
    crowd.enter("a")
    crowd.leave("a")
    assert crowd.present == 0
    assert crowd.enter("b")


def test_networks_that_left_or_never_came_in_are_forgotten():
    crowd = Crowd(most=1, most_each=1)
    crowd.enter("a")
    crowd.enter("b")
    crowd.enter("a")
    crowd.leave("a")
    assert crowd._by_network == {}


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("no address" * 100, ("no address" * 100)[:64]),
    ],
)
def test_connections_are_counted_by_address_and_by_64_bits_of_ipv6(ip: str, network: str):
    assert network_of(ip, ipv4_bits=32) == network


def test_networks_of_ipv4_can_be_wider():
    assert network_of("192.0.2.7", ipv4_bits=24) == "192.0.2.0/24"


# --- memory


def test_a_message_that_fits_may_begin():
    room = Room(1_000)
    assert room.has(1_000)
    assert not room.has(1_001)


def test_a_message_of_unknown_size_may_begin_until_the_room_is_full():
    room = Room(1_000)
    room.take(999)
    assert room.has(0)
    room.take(1)
    assert not room.has(0)


def test_the_last_eighth_is_kept_for_small_mail():
    room = Room(1_000)
    room.take(875)
    assert not room.is_tight
    room.take(1)
    assert room.is_tight
    room.give_back(1)
    assert not room.is_tight
