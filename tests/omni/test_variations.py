"""Variations compute their pairs, are no copies of the solver's task, and stay short and readable."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from arc_solver.grids import Grid, as_grid, grids_equal
from arc_solver.omni.edits import n_lines
from arc_solver.omni.running import run_program
from arc_solver.omni.solvers import Solver, load_solvers
from arc_solver.omni.synthesis import SynthesizedTask
from arc_solver.omni.variations import MAX_LINES, vary

SOLVERS = [
    Solver("a", "Frame it.", "def task(grid):\n    return outline(grid, 3)\n"),
    Solver("b", "Cut it out.", "def task(grid):\n    out = crop_to_content(grid)\n    return recolor(out, 5)\n"),
    Solver(
        "c",
        "Paint the largest.",
        "def task(grid):\n    if not find_objects(grid):\n        return grid\n"
        "    obj = largest_object(find_objects(grid))\n    return paint_object(grid, recolor_object(obj, 8))\n",
    ),
]


def inputs(seed: int, n: int = 4) -> list[Grid]:
    rng = np.random.default_rng(seed)
    grids = []
    for _ in range(n):
        cells = np.zeros(rng.integers(5, 11, 2), dtype=np.int8)
        for color in (1, 2, 4):
            row, col = rng.integers(0, cells.shape[0] - 1), rng.integers(0, cells.shape[1] - 1)
            cells[row : row + rng.integers(1, 4), col : col + rng.integers(1, 4)] = color
        grids.append(as_grid(cells))
    return grids


def sample(seed: int) -> SynthesizedTask | None:
    rng = np.random.default_rng(seed)
    return vary(rng, SOLVERS[seed % 3], inputs(seed), SOLVERS)


@pytest.fixture(scope="module")
def tasks() -> list[SynthesizedTask]:
    return [task for task in map(sample, range(90)) if task is not None]


def test_most_calls_find_a_variation(tasks: list[SynthesizedTask]) -> None:
    assert len(tasks) >= 75
    assert len({task.source for task in tasks}) >= 45


def test_the_source_computes_the_pairs(tasks: list[SynthesizedTask]) -> None:
    for task in tasks:
        outputs = run_program(task.source, [pair.input for pair in task.pairs])
        assert outputs is not None
        for pair, output in zip(task.pairs, outputs, strict=True):
            assert grids_equal(pair.output, output), task.source


def test_variations_are_one_short_function_and_not_the_solver(tasks: list[SynthesizedTask]) -> None:
    for task in tasks:
        (function,) = ast.parse(task.source).body
        assert isinstance(function, ast.FunctionDef)
        assert (function.name, [argument.arg for argument in function.args.args]) == ("task", ["grid"])
        assert n_lines(task.source) <= MAX_LINES
        assert task.source not in {solver.source for solver in SOLVERS}


def test_tasks_are_worth_learning(tasks: list[SynthesizedTask]) -> None:
    for task in tasks:
        assert len({pair.output.tobytes() + bytes(pair.output.shape) for pair in task.pairs}) > 1
        assert sum(grids_equal(pair.input, pair.output) for pair in task.pairs) <= 1


def test_all_kinds_of_variations_occur(tasks: list[SynthesizedTask]) -> None:
    text = "".join(task.source for task in tasks)
    assert "    grid = " in text
    assert "def solve(start)" in text or "def prepare(start)" in text
    assert any("crop_to_content" in task.source and "outline" in task.source for task in tasks)
    assert any("outline(grid, 3)" not in task.source and "outline(grid, " in task.source for task in tasks)


def test_same_seed_same_variation() -> None:
    for seed in range(6):
        first, again = sample(seed), sample(seed)
        assert (first and first.source) == (again and again.source)


def test_a_solver_that_applies_to_fewer_than_two_inputs_gives_nothing() -> None:
    blank = [as_grid(np.zeros((3, 3), dtype=int))] * 4
    assert vary(np.random.default_rng(0), SOLVERS[1], [*blank, *inputs(0, 1)], SOLVERS) is None


def test_real_solvers_can_be_varied() -> None:
    solvers = list(load_solvers().values())[:40]
    made = [vary(np.random.default_rng(seed), solver, inputs(seed), solvers) for seed, solver in enumerate(solvers)]
    assert any(task is not None for task in made)
