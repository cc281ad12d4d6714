"""Patience: what is slow is not taken for dead, what is dead is found, and time asleep does not count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.watching import Patience, Watch


def watch(floor_s: float = 10.0, factor: float = 10.0, first_s: float | None = None) -> Watch:
    return Watch(0.0, floor_s, factor, max_step_s=2.0, first_s=first_s)


def pass_time(watch: Watch, start_s: float, seconds: float, step_s: float = 0.5) -> float:
    """Look as often as a supervisor does."""
    for index in range(1, round(seconds / step_s) + 1):
        watch.look(start_s + index * step_s)
    return start_s + seconds


def test_who_is_silent_for_longer_than_the_floor_is_overdue() -> None:
    it = watch()
    it.hear()
    now = pass_time(it, 0.0, 10.0)
    assert not it.overdue
    pass_time(it, now, 0.5)
    assert it.overdue


def test_the_first_sign_of_life_may_take_longer() -> None:
    it = watch(first_s=60.0)
    now = pass_time(it, 0.0, 60.0)
    assert not it.overdue
    it.hear()
    pass_time(it, now, 10.5)
    assert it.overdue


def test_a_slow_start_makes_nobody_patient() -> None:
    it = watch(first_s=60.0)
    pass_time(it, 0.0, 50.0)
    it.hear()
    assert it.allowed_s == 10.0


def test_whoever_was_slow_before_is_given_more_time() -> None:
    it = watch()
    it.hear()
    now = pass_time(it, 0.0, 8.0)
    it.hear()
    assert it.allowed_s == 80.0
    now = pass_time(it, now, 80.0)
    assert not it.overdue
    pass_time(it, now, 0.5)
    assert it.overdue


def test_time_in_which_nobody_looked_hardly_counts() -> None:
    it = watch()
    it.hear()
    it.look(3600.0)  # the machine was suspended
    assert it.silent_s == 2.0
    it.look(3599.0)  # and no clock that runs backwards does harm
    assert it.silent_s == 2.0


@given(st.lists(st.integers(0, 19).map(lambda half: half / 2), min_size=1, max_size=30))
def test_nobody_who_speaks_within_the_floor_is_ever_overdue(gaps: list[float]) -> None:
    it, now = watch(), 0.0
    for gap in gaps:
        now = pass_time(it, now, gap)
        assert not it.overdue
        it.hear()


@given(st.lists(st.integers(1, 60).map(lambda half: half / 2), min_size=1, max_size=10))
def test_whoever_falls_silent_for_good_is_found(gaps: list[float]) -> None:
    it, now = watch(), 0.0
    for gap in gaps:
        now = pass_time(it, now, gap)
        it.hear()
    pass_time(it, now, it.allowed_s + 1.0)
    assert it.overdue


def test_pauses_grow() -> None:
    assert [Patience(pause_s=0.5).pause_after(n) for n in (0, 1, 2, 3, 4)] == [0.5, 0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    "wrong", [{"silence_s": 0.0}, {"spinning_s": 0.0}, {"factor": 0.5}, {"max_deaths": 0}, {"pause_s": -1.0}]
)
def test_senseless_patience_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="patience"):
        Patience(**wrong)  # type: ignore[arg-type]
