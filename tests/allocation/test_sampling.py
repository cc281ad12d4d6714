"""Whom a language model is asked about next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from arc_solver.allocation.sampling import DIFFICULTY, EASE, Standing, chance, next_wave

STANDINGS = st.lists(
    st.builds(Standing, st.integers(0, 200), st.integers(0, 64), st.floats(0.1, 50), st.floats(0, 1)), max_size=20
)


@given(st.integers(0, 5000), st.integers(1, 40))
def test_chances_are_those_of_single_samples_taken_together(n_asked: int, n_more: int) -> None:
    missed = 1.0
    for n in range(n_asked, n_asked + n_more):
        missed *= 1 - EASE / (EASE + DIFFICULTY + n)
    assert abs(chance(n_asked, n_more) - (1 - missed)) < 1e-9
    assert chance(n_asked, n_more) > chance(n_asked + 1, n_more)


@given(STANDINGS, st.integers(1, 16))
def test_a_wave_asks_for_nothing_that_is_not_wanted(standings: list[Standing], wave_size: int) -> None:
    wave = next_wave(standings, wave_size)
    assert len(wave) == len(standings)
    assert all(0 <= n <= one.n_left for n, one in zip(wave, standings, strict=True))
    assert any(wave) == any(one.n_left for one in standings), "as long as something is wanted, something is asked"
    assert next_wave(standings, wave_size) == wave


@given(STANDINGS, st.integers(1, 16))
def test_waves_end_with_everything_asked(standings: list[Standing], wave_size: int) -> None:
    for _ in range(2000):
        wave = next_wave(standings, wave_size)
        if not any(wave):
            break
        standings = [
            Standing(one.n_asked + n, one.n_left - n, one.seconds, one.unsolved)
            for n, one in zip(wave, standings, strict=True)
        ]
    assert not any(one.n_left for one in standings)


def test_who_was_never_asked_comes_first_with_one_sample() -> None:
    assert next_wave([Standing(4, 9, 1.0), Standing(0, 9, 50.0), Standing(0, 0, 1.0)], 4) == [0, 1, 0]


def test_tasks_that_seem_solved_give_their_share_to_the_others_for_a_while() -> None:
    solved = Standing(8, 50, 1.0, unsolved=0.1)
    assert next_wave([Standing(8, 50, 1.0), solved, Standing(8, 50, 1.0)], 4)[1] == 0
    assert next_wave([Standing(300, 50, 1.0), solved], 4)[1] > 0, "the other one is hopeless by now"
    assert next_wave([solved, Standing(8, 0, 1.0)], 4) == [8, 0], "nobody else is left, and waves stay as large"


def test_cheap_tasks_get_more_and_dear_ones_are_not_starved() -> None:
    wave = next_wave([Standing(8, 99, 1.0), Standing(8, 99, 6.0)], 4)
    assert wave == [8, 0]
    standings = [Standing(200, 99, 1.0), Standing(8, 99, 6.0)]
    assert next_wave(standings, 4)[1] > 0, "after so many samples in vain the dear one is worth more"
