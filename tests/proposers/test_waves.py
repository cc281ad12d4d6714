from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.augment import IDENTITY, View
from arc_solver.grids import as_grid
from arc_solver.proposers.base import TaskDone
from arc_solver.proposers.waves import Ledger, describe_view, sampling_seed, shown_pairs, task_rng, waves
from arc_solver.tasks import Pair


@given(st.integers(1, 40), st.integers(1, 12))
def test_waves_hold_every_sample_once_the_first_of_all_alone(n_samples: int, wave_size: int) -> None:
    found = waves(n_samples, wave_size)
    assert found[0] == range(1)
    assert [sample for wave in found for sample in wave] == list(range(n_samples))
    assert all(1 <= len(wave) <= wave_size for wave in found[1:])


def test_a_task_is_done_with_its_last_sample_or_when_it_is_closed() -> None:
    ledger = Ledger("me", {"a": 2, "b": 5})
    assert ledger.settle("a") == ()
    assert ledger.settle("a") == (TaskDone("a", "me"),)
    assert not ledger.is_open("a")
    assert ledger.is_open("b")
    assert ledger.close("b") == (TaskDone("b", "me"),)
    assert not ledger.is_open("b")


def test_a_task_of_which_more_is_expected_is_done_later() -> None:
    ledger = Ledger("me", {"a": 1})
    ledger.expect("a")
    assert ledger.settle("a") == ()
    assert ledger.settle("a") == (TaskDone("a", "me"),)


def test_random_numbers_depend_on_seed_task_and_purpose_and_on_nothing_else() -> None:
    # The figure is written down: a hash that differed between processes would not give it.
    assert sampling_seed(1, "007bbfb7", 2, 3) == 1613887505
    numbers = {sampling_seed(*key) for key in ((1, "a", 0), (2, "a", 0), (1, "b", 0), (1, "a", 1), (1, "a", 0, 0))}
    assert len(numbers) == 5
    assert task_rng(1, "a").integers(1 << 30) == task_rng(1, "a").integers(1 << 30)


def test_of_too_many_pairs_a_view_shows_the_first_of_its_own_order() -> None:
    pairs = [Pair(as_grid([[color]]), as_grid([[color]])) for color in range(4)]
    order = View(pair_order=(2, 0, 3, 1))
    assert [int(pair.input[0, 0]) for pair in shown_pairs(order, pairs, 3)] == [2, 0, 3]
    assert [int(pair.input[0, 0]) for pair in shown_pairs(order, pairs, 0)] == [2, 0, 3, 1]


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (IDENTITY, "as it is"),
        (View(pair_order=(0, 1)), "as it is"),
        (View(3, (0, 2, 1, 3, 4, 5, 6, 7, 8, 9), (1, 0)), "symmetry 3, colours 0213456789, order 1 0"),
    ],
)
def test_views_in_words(view: View, words: str) -> None:
    assert describe_view(view) == words
