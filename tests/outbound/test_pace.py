"""Messages a minute, evenly spread."""

from hypothesis import given
from hypothesis import strategies as st

from sendwright.outbound.pace import FARTHEST, Pace


def test_without_a_limit_every_turn_is_due():
    pace = Pace()
    pace.take(0)
    assert (pace.wait(0), pace.promise(0)) == (0, 0)


def test_after_a_turn_the_next_is_due_one_interval_later():
    pace = Pace(per_minute=6)
    pace.take(100)
    assert [pace.wait(now) for now in (100, 105, 110, 200)] == [10, 5, 0, 0]


@given(st.lists(st.floats(0, 30), max_size=60), st.sampled_from([1.0, 6.0, 60.0]))
def test_no_minute_ever_sees_more_than_its_share_and_one(gaps: list[float], per_minute: float):
    """Pitfall 12: a quota that was not used is not made up for at once."""
    pace, now, taken = Pace(per_minute=per_minute), 1000.0, []
    for gap in gaps:
        now += gap
        if not pace.wait(now):
            pace.take(now)
            taken.append(now)
    assert all(sum(start <= at < start + 60 for at in taken) <= per_minute + 1 for start in taken)


def test_those_who_are_turned_away_come_back_one_after_the_other():
    pace = Pace(per_minute=1)
    pace.take(0)
    assert [pace.promise(0) for _ in range(3)] == [60, 120, 180]


def test_no_turn_is_promised_for_a_time_too_far_away():
    pace = Pace(per_minute=1)
    pace.take(0)
    assert max(pace.promise(0) for _ in range(500)) <= FARTHEST


def test_a_slower_pace_begins_with_a_wait():
    pace = Pace()
    pace.change(1, 100)
    assert pace.wait(100) == 60


def test_the_turns_of_the_last_minute_are_counted():
    pace = Pace()
    for second in range(60):
        pace.take(600 + second)
    assert (pace.measured(659), pace.measured(690), pace.measured(720), pace.measured(1200)) == (60, 30, 0, 0)
