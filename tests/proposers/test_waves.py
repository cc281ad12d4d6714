from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.allocation.sampling import UNSOLVED_THOUGH_FITTING
from arc_solver.augment import IDENTITY, View
from arc_solver.grids import as_grid
from arc_solver.proposers.base import PoolState, TaskDone
from arc_solver.proposers.waves import (
    Ledger,
    WavePlan,
    describe_view,
    sampling_seed,
    shown_pairs,
    task_rng,
    unsolved_share,
    waves,
)
from arc_solver.tasks import Pair, Task


@given(st.integers(1, 40), st.integers(1, 12))
def test_waves_hold_every_sample_once_the_first_of_all_alone(n_samples: int, wave_size: int) -> None:
    found = waves(n_samples, wave_size)
    assert found[0] == range(1)
    assert [sample for wave in found for sample in wave] == list(range(n_samples))
    assert all(1 <= len(wave) <= wave_size for wave in found[1:])


def task_of(side: int, task_id: str) -> Task:
    grid = as_grid([[0] * side] * side)
    return Task(task_id, (Pair(grid, grid),), (grid,))


@given(st.integers(1, 40), st.integers(1, 12), st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_a_plan_asks_for_every_sample_once_and_whenever_it_comes_it_is_the_same(
    n_samples: int, wave_size: int, sides: list[int]
) -> None:
    tasks = [task_of(side, f"task{index}") for index, side in enumerate(sides)]
    plan = WavePlan(tasks, n_samples, wave_size)
    found: dict[str, list[tuple[int, range]]] = {task.task_id: [] for task in tasks}
    n_waves = 0
    while portions := plan.next(lambda task_id: True):
        n_waves += 1
        if n_waves == 1:
            assert [portion.samples for portion in portions] == [range(1)] * len(tasks)
        for portion in portions:
            found[portion.task.task_id].append((portion.number, portion.samples))
    assert all(dealt == list(enumerate(waves(n_samples, wave_size))) for dealt in found.values())


def test_a_plan_gives_what_one_task_does_not_want_to_the_others() -> None:
    tasks = [task_of(3, name) for name in "abc"]
    plan = WavePlan(tasks, 99, 4, lambda task_id: 0.01 if task_id == "a" else 1.0)
    plan.next(lambda task_id: True)
    second = plan.next(lambda task_id: task_id != "b")
    assert {portion.task.task_id for portion in second} == {"c"}
    assert sum(len(portion.samples) for portion in second) == 12, "as much as three tasks would have got"


class SolvedPool:
    def state(self, task_id: str) -> PoolState:
        return PoolState(task_id, n_derivations=int(task_id == "solved"))


def test_a_program_of_others_makes_it_likely_that_a_task_is_solved() -> None:
    assert unsolved_share(None, "solved") == unsolved_share(SolvedPool(), "open") == 1.0
    assert unsolved_share(SolvedPool(), "solved") == UNSOLVED_THOUGH_FITTING


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
