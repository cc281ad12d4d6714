from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.budget import Deadline, ManualClock, MonotonicClock, format_duration, parse_duration
from arc_solver.errors import InputError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("90", 90), ("15m", 900), ("11h50m", 42_600), ("1.5h", 5400), (" 1H ", 3600), ("1h2m3s", 3723)],
)
def test_durations_are_read(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", " ", "0", "0s", "-5", "5x", "m", "1m2h", "inf", "nan", "1e3", "5 m"])
def test_what_is_no_duration_is_refused_by_name(text):
    with pytest.raises(InputError, match="time limit") as caught:
        parse_duration(text)
    assert repr(text) in str(caught.value)


@given(st.integers(60, 3599))
def test_minutes_are_written_as_they_are_read(seconds):
    assert parse_duration(format_duration(seconds)) == seconds


def test_durations_for_people():
    assert [format_duration(value) for value in (0.25, 59.94, 185, 3599.6, 3720)] == [
        "0.2s",
        "59.9s",
        "3m05s",
        "1h00m",
        "1h02m",
    ]


def test_a_deadline_passes_when_its_clock_gets_there():
    clock = ManualClock(100.0)
    deadline = Deadline.after(10, clock)
    assert deadline.remaining_s() == 10
    clock.advance(9.5)
    assert not deadline.passed()
    assert deadline.remaining_s() == 0.5
    clock.advance(0.5)
    assert deadline.passed()
    clock.advance(5)
    assert deadline.remaining_s() == 0


def test_a_part_of_a_deadline_never_ends_after_it():
    clock = ManualClock()
    deadline = Deadline.after(10, clock)
    assert deadline.within(4).end_s == 4
    assert deadline.within(40).end_s == 10
    assert deadline.minus(3).end_s == 7
    assert deadline.minus(30).passed()


def test_the_real_clock_does_not_go_back():
    clock = MonotonicClock()
    assert clock.now_s() <= clock.now_s()
    assert not Deadline.after(3600).passed()
