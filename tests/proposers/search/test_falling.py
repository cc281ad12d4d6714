"""Objects laid at random and moved by rules written here: the solver's programs move those of a new grid alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers import falling
from arc_solver.sandbox.verdicts import Ok, Program
from arc_solver.tasks import Pair, Task

Cells = np.ndarray[Any, np.dtype[np.int8]]
Made = tuple[Cells, Cells]


def scattered(rng: np.random.Generator, shape: tuple[int, int], color: int, n: int) -> Cells:
    """Single cells, none beside another."""
    grid = np.zeros(shape, dtype=np.int8)
    for _ in range(n):
        row, col = (int(rng.integers(side)) for side in shape)
        if not grid[max(row - 1, 0) : row + 2, max(col - 1, 0) : col + 2].any():
            grid[row, col] = color
    return grid


def piled(cells: Cells) -> Cells:
    """The cells of every column at its bottom."""
    return np.sort(cells, axis=0)


def onto_a_band(seed: int) -> Made:
    """Cells pile up on a band below them, in their own colour."""
    rng = np.random.default_rng(seed)
    cells = scattered(rng, (6, 9), 4 + seed % 3, 9)
    band = np.full((2, 9), 8, dtype=np.int8)
    return np.vstack([cells, band]), np.vstack([piled(cells), band])


def colored_by_walls(seed: int) -> Made:
    """Cells left and right of a wall pile up at it and take its colour."""
    rng = np.random.default_rng(seed)
    left, right = scattered(rng, (8, 5), 3, 7), scattered(rng, (8, 4), 3, 6)
    wall = np.full((8, 1), 6 + seed % 3, dtype=np.int8)
    out = [np.where(np.sort(left, axis=1) > 0, wall, 0), wall, np.where(np.sort(right, axis=1)[:, ::-1] > 0, wall, 0)]
    return np.hstack([left, wall, right]), np.hstack(out).astype(np.int8)


def to_their_colors(seed: int) -> Made:
    """Cells in the colour of the upper or the lower wall go there, those in another colour vanish."""
    rng = np.random.default_rng(seed)
    cells = scattered(rng, (7, 8), 1, 16)
    cells = np.where(cells > 0, rng.choice([2, 5, 7], cells.shape), 0).astype(np.int8)
    top, bottom = np.full((1, 8), 2, dtype=np.int8), np.full((1, 8), 7, dtype=np.int8)
    up = np.where(cells == 2, 2, 0).astype(np.int8)
    down = np.where(cells == 7, 7, 0).astype(np.int8)
    out = np.maximum(piled(up)[::-1], piled(down))
    return np.vstack([top, cells, bottom]), np.vstack([top, out, bottom])


def one_color_rises(seed: int) -> Made:
    """Bars of one colour rise one after another; cells of another one stay and stop them."""
    rng = np.random.default_rng(seed)
    grid, out = np.zeros((9, 8), dtype=np.int8), np.zeros((9, 8), dtype=np.int8)
    for col in range(0, 8, 2):
        first, stop = int(rng.integers(1, 3)), int(rng.integers(4))
        grid[stop, col] = out[stop, col] = 5
        grid[8 - first : 8, col] = 3
        out[stop + 1 : stop + 1 + first, col] = 3
    return grid, out


MADE: dict[str, Callable[[int], Made]] = {
    "cells pile up on a band": onto_a_band,
    "cells take the colour of a wall": colored_by_walls,
    "each to the wall of its colour": to_their_colors,
    "one colour rises": one_color_rises,
}


def task_of(made: Callable[[int], Made], turns: int) -> tuple[Task, Cells]:
    pairs = [tuple(np.rot90(grid, turns).copy() for grid in made(seed)) for seed in range(5)]
    return Task("toy", tuple(Pair(a, b) for a, b in pairs[:-1]), (pairs[-1][0],)), pairs[-1][1]


@pytest.mark.parametrize("turns", [0, 1, 2])
@pytest.mark.parametrize("name", sorted(MADE))
def test_the_programs_do_to_a_new_grid_what_the_rule_does(name: str, turns: int, runner: Any) -> None:
    task, answer = task_of(MADE[name], turns)
    drafts = sorted(falling.solve(Examples.of_task(task)), key=lambda draft: (draft.cost, draft.source))
    assert drafts
    inputs = (*(pair.input for pair in task.train), *task.test_inputs)
    (verdict,) = runner.confirm([Program(drafts[0].source, inputs)])
    assert isinstance(verdict, Ok)
    assert all(np.array_equal(pair.output, out) for pair, out in zip(task.train, verdict.outputs, strict=False))
    assert np.array_equal(verdict.outputs[-1], answer)
    assert max(map(len, drafts[0].source.splitlines())) <= 120


def test_every_draft_does_what_was_foreseen(runner: Any) -> None:
    for made in MADE.values():
        task, _ = task_of(made, 0)
        for draft in falling.solve(Examples.of_task(task)):
            (verdict,) = runner.confirm([Program(draft.source, tuple(pair.input for pair in task.train))])
            assert all(np.array_equal(p.output, out) for p, out in zip(task.train, verdict.outputs, strict=True))


def test_what_only_grows_does_not_move() -> None:
    task, _ = task_of(lambda seed: (onto_a_band(seed)[0], np.maximum(*onto_a_band(seed))), 0)
    assert list(falling.solve(Examples.of_task(task))) == []


def test_chance_is_not_explained() -> None:
    rng = np.random.default_rng(3)
    task, _ = task_of(lambda seed: (onto_a_band(seed)[0], rng.permutation(onto_a_band(seed)[0])), 0)
    assert list(falling.solve(Examples.of_task(task))) == []
