"""Grids made at random and changed in some places only: the programs do the same to a new grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers import mixtures
from arc_solver.sandbox.verdicts import Ok, Program
from arc_solver.tasks import Pair, Task

Cells = np.ndarray[Any, np.dtype[np.int8]]
SIZES = ((7, 8), (6, 9), (9, 7), (8, 8), (10, 6))


def noise(seed: int, size: tuple[int, int], colors: tuple[int, ...] = (2, 7)) -> Cells:
    rng = np.random.default_rng(seed)
    return np.where(rng.random(size) < 0.4, rng.choice(colors, size), 0).astype(np.int8)


def task_of(
    rule: Callable[[Cells], Cells], made: Callable[[int, tuple[int, int]], Cells] = noise
) -> tuple[Task, Cells]:
    grids = [made(seed, size) for seed, size in enumerate(SIZES)]
    pairs = tuple(Pair(grid, rule(grid).astype(np.int8)) for grid in grids[:-1])
    return Task("toy", pairs, (grids[-1],)), rule(grids[-1])


def every_third_row_reversed(grid: Cells) -> Cells:
    out = grid.copy()
    out[::-1][::3] = out[::-1][::3, ::-1]
    return out


def rim_is_recolored(grid: Cells) -> Cells:
    out = np.where(grid > 0, 5, 0)
    out[1:-1, 1:-1] = grid[1:-1, 1:-1]
    return out


def lower_half_falls(grid: Cells) -> Cells:
    """In columns with an odd number of cells everything moves up by one."""
    odd = (grid > 0).sum(axis=0) % 2 == 1
    return np.where(odd, np.vstack([grid[1:], np.zeros_like(grid[:1])]), grid)


def columns_of_a_color_only(grid: Cells) -> Cells:
    return np.where((grid == 7).any(axis=0), grid, 0)


def colors_of_two_corners(grid: Cells) -> Cells:
    out = grid.copy()
    middle = grid.shape[1] / 2 - 0.5
    left, right = np.arange(grid.shape[1]) < middle, np.arange(grid.shape[1]) >= middle
    out[:, left] = np.where(grid[:, left] > 0, grid[0, 0], 0)
    out[:, right] = np.where(grid[:, right] > 0, grid[-1, -1], 0)
    return out


def with_corners(seed: int, size: tuple[int, int]) -> Cells:
    grid = noise(seed, size, (3,))
    grid[0, 0], grid[-1, -1] = 1 + seed % 2, 4 + seed
    return grid


RULES: dict[str, tuple[Callable[[Cells], Cells], Any]] = {
    "every third row from below is reversed": (every_third_row_reversed, noise),
    "the rim is recoloured": (rim_is_recolored, noise),
    "odd columns move up": (lower_half_falls, noise),
    "only columns with a mark stay": (columns_of_a_color_only, noise),
    "each half in the colour of its corner": (colors_of_two_corners, with_corners),
}


@pytest.mark.parametrize("name", sorted(RULES))
def test_the_programs_do_to_a_new_grid_what_the_rule_does(name: str, runner: Any) -> None:
    task, answer = task_of(*RULES[name])
    drafts = sorted(mixtures.solve(Examples.of_task(task)), key=lambda draft: (draft.cost, draft.source))
    assert drafts
    inputs = (*(pair.input for pair in task.train), *task.test_inputs)
    (verdict,) = runner.confirm([Program(drafts[0].source, inputs)])
    assert isinstance(verdict, Ok)
    assert all(np.array_equal(pair.output, out) for pair, out in zip(task.train, verdict.outputs, strict=False))
    assert np.array_equal(verdict.outputs[-1], answer)


def test_chance_is_not_explained() -> None:
    rng = np.random.default_rng(5)
    task, _ = task_of(lambda grid: np.where(rng.random(grid.shape) < 0.2, 7, grid))
    assert list(mixtures.solve(Examples.of_task(task))) == []


def test_a_single_change_is_no_mixture() -> None:
    task, _ = task_of(np.flipud)
    assert list(mixtures.solve(Examples.of_task(task))) == []


def test_outputs_of_another_size_are_not_of_its_kind() -> None:
    task, _ = task_of(lambda grid: grid[:-1])
    assert list(mixtures.solve(Examples.of_task(task))) == []
