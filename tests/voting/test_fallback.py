from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.grids import as_grid, grid_key, to_lists
from arc_solver.tasks import MalformedTask, Pair, Task
from arc_solver.voting import choose_attempts, fallback_grids

colors = st.integers(0, 9)


@st.composite
def grids(draw, side=5):
    n_rows, n_columns = draw(st.integers(1, side)), draw(st.integers(1, side))
    return as_grid(
        draw(st.lists(st.lists(colors, min_size=n_columns, max_size=n_columns), min_size=n_rows, max_size=n_rows))
    )


pairs = st.builds(Pair, grids(), grids())
tasks = st.builds(
    Task,
    st.just("t"),
    st.lists(pairs, min_size=1, max_size=3).map(tuple),
    st.lists(grids(30), min_size=1, max_size=2).map(tuple),
)
malformed = st.builds(
    MalformedTask, st.just("t"), st.just("ill"), st.lists(st.none() | grids(30), min_size=1, max_size=3).map(tuple)
)


@settings(deadline=None)
@given(tasks | malformed)
def test_there_are_always_two_different_well_formed_attempts(task):
    attempts = choose_attempts(task)
    assert len(attempts.pairs) == len(task.test_inputs)
    assert not attempts.has_answers
    for first, second in attempts.pairs:
        assert grid_key(first.grid) != grid_key(second.grid)
        for attempt in (first, second):
            assert attempt.is_fallback
            as_grid(to_lists(attempt.grid))


@settings(deadline=None)
@given(tasks)
def test_guesses_are_distinct_and_all_of_one_shape(task):
    found = [grid for grid, _ in fallback_grids(task, 0)]
    assert len({grid_key(grid) for grid in found}) == len(found) >= 10
    assert len({grid.shape for grid in found}) == 1


def task_of(rule, *inputs):
    return Task(
        "t", tuple(Pair(as_grid(grid), as_grid(rule(np.array(grid)))) for grid in inputs[:-1]), (as_grid(inputs[-1]),)
    )


INPUTS = ([[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [1, 0, 2]], [[0, 3, 1], [2, 2, 5]])


@pytest.mark.parametrize(
    "rule",
    [
        lambda grid: grid[::-1],
        lambda grid: grid[:, ::-1],
        lambda grid: grid.T,
        lambda grid: np.rot90(grid),
        lambda grid: np.rot90(grid, -1),
        lambda grid: np.rot90(grid, 2),
        lambda grid: np.rot90(grid, 2).T,
        lambda grid: np.kron(grid, np.ones((2, 3), dtype=int)),
        lambda grid: np.tile(grid, (3, 2)),
        lambda grid: np.full((2, 2), 4),
    ],
)
def test_simple_rules_are_found(rule):
    task = task_of(rule, *INPUTS)
    grid, reason = fallback_grids(task, 0)[0]
    assert to_lists(grid) == rule(np.array(INPUTS[-1])).tolist()
    assert "100%" in reason


def test_colors_are_mapped_and_unknown_ones_kept():
    table = np.array([0, 5, 6, 3, 4, 1, 2, 7, 8, 9])
    task = task_of(lambda grid: table[grid], [[1, 2], [0, 5]], [[6, 6], [1, 0]], [[2, 1, 8], [5, 0, 6]])
    grid, reason = fallback_grids(task, 0)[0]
    assert to_lists(grid) == [[6, 5, 8], [1, 0, 2]]
    assert reason.startswith("the input recoloured")


def test_the_content_is_cropped():
    task = task_of(
        lambda grid: grid[1:3, 1:2],
        [[0, 0, 0], [0, 7, 0], [0, 3, 0]],
        [[4, 4, 4], [4, 1, 4], [4, 2, 4]],
        [[0, 0, 0], [0, 5, 0], [0, 6, 0]],
    )
    assert to_lists(fallback_grids(task, 0)[0][0]) == [[5], [6]]


def test_a_reduced_input():
    task = task_of(
        lambda grid: grid[::2, ::3],
        np.kron(INPUTS[0], np.ones((2, 3), dtype=int)),
        np.kron(INPUTS[1], np.ones((2, 3), dtype=int)),
        np.kron(INPUTS[2], np.ones((2, 3), dtype=int)),
    )
    assert to_lists(fallback_grids(task, 0)[0][0]) == INPUTS[2]


def test_a_malformed_task_answers_with_what_is_readable():
    readable = as_grid([[1, 1], [1, 2]])
    first, second = choose_attempts(MalformedTask("t", "ill", (None, readable))).pairs
    assert [to_lists(attempt.grid) for attempt in first] == [[[0]], [[1]]]
    assert [to_lists(attempt.grid) for attempt in second] == [[[1, 1], [1, 2]], [[1, 1], [1, 1]]]


def test_a_pair_is_never_guessed_from_itself():
    # Each pair maps a colour that no other pair shows: learnt from itself the map would look perfect.
    task = task_of(lambda grid: np.where(grid, grid + 4, 0), [[1, 0]], [[2, 0]], [[3, 0]], [[4, 0]])
    assert not any("100%" in reason for _, reason in fallback_grids(task, 0))
