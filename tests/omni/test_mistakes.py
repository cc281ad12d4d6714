"""Wrong outputs: always grids, always wrong, and of the kinds that they say."""

from __future__ import annotations

import ast
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.grids import as_grid, grids_equal
from arc_solver.omni.mistakes import (
    another_view,
    changed_cells,
    changed_program,
    judging_lesson,
    output_of_a_changed_program,
)
from arc_solver.omni.recipes import Lesson
from arc_solver.omni.running import run_program
from arc_solver.omni.solvers import load_solvers
from arc_solver.tasks import Pair

SOURCE = "def task(grid):\n    return crop_box(grid, 0, 0, 1, 1)\n"


def make_lesson(seed: int, source: str = "") -> Lesson:
    rng = np.random.default_rng(seed)
    grids = [as_grid(rng.integers(0, 1 + rng.integers(10), rng.integers(1, 7, 2))) for _ in range(4)]
    test, *train = (Pair(grid, as_grid(grid[::-1])) for grid in grids)
    return Lesson("t", tuple(train), test, source)


@given(st.integers(0, 2**32 - 1))
def test_a_wrong_output_is_a_grid_and_wrong(seed: int) -> None:
    task = make_lesson(seed, "def task(grid):\n    return grid[::-1]\n")
    lesson = judging_lesson(np.random.default_rng(seed), task)
    assert lesson is not None
    assert lesson.task is task
    assert grids_equal(as_grid(lesson.wrong), lesson.wrong)
    assert not lesson.wrong.flags.writeable
    assert not grids_equal(lesson.wrong, task.test.output)
    assert sum(grids_equal(grid, task.test.output) for grid in lesson.candidates) == 1
    assert grids_equal(lesson.candidates[0], task.test.output) == lesson.right_comes_first
    again = judging_lesson(np.random.default_rng(seed), task)
    assert again is not None
    assert grids_equal(again.wrong, lesson.wrong)


@given(st.integers(0, 2**32 - 1))
def test_a_few_cells_are_changed_to_colors_of_the_task(seed: int) -> None:
    task = make_lesson(seed)
    wrong = changed_cells(np.random.default_rng(seed), task)
    assert wrong is not None
    assert wrong.shape == task.test.output.shape
    assert 1 <= int((wrong != task.test.output).sum()) <= 4
    present = {int(color) for pair in task.pairs for color in np.unique(pair.output)}
    assert len(present) == 1 or {int(color) for color in np.unique(wrong)} <= present


@given(st.integers(0, 2**32 - 1))
def test_another_view_has_as_many_cells(seed: int) -> None:
    task = make_lesson(seed)
    wrong = another_view(np.random.default_rng(seed), task)
    assert wrong is not None
    assert sorted(wrong.shape) == sorted(task.test.output.shape)


def test_without_a_program_no_program_is_changed() -> None:
    assert output_of_a_changed_program(np.random.default_rng(0), make_lesson(0)) is None
    assert changed_program(np.random.default_rng(0), "def task(x):\n    return x\n") is None


def test_a_change_is_small_and_leaves_a_program() -> None:
    before = (
        "def task(grid):\n    if height(grid) > 3:\n        return rotate_90(grid)\n    return max(grid, key=len)\n"
    )
    seen: Counter[str] = Counter()
    for seed in range(200):
        source = changed_program(np.random.default_rng(seed), before)
        assert source is not None
        old, new = ast.unparse(ast.parse(before)).split(), source.split()
        assert len(old) == len(new)
        (changed,) = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
        seen[changed[0].split("(")[0].strip(":")] += 1
    assert {">", "max", "3", "height"} <= set(seen)


@pytest.mark.parametrize("seed", range(5))
def test_every_solver_survives_being_changed(seed: int) -> None:
    """Whatever comes of it, it comes soon: a changed program may run for ever, and does not."""
    rng = np.random.default_rng(seed)
    grids = [as_grid(rng.integers(0, 10, (7, 9))), as_grid(rng.integers(0, 2, (5, 5)))]
    n_different = 0
    for solver in list(load_solvers().values())[seed::5]:
        source = changed_program(rng, solver.source)
        if source is not None:
            n_different += ast.dump(ast.parse(source)) != ast.dump(ast.parse(solver.source))
            run_program(source, grids)
    assert n_different > 10
