"""A line at the edge and an empty rest, filled by rules written here: the programs fill a new grid in the same way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers import headers
from arc_solver.sandbox.verdicts import Ok, Program
from arc_solver.tasks import Pair, Task

Fill = Callable[[Any, Any, Any], Any]

# name -> (quarter turns of the grid, how many rows before the empty part, what fills the rest)
FILLS: dict[str, tuple[int, int, Fill]] = {
    "columns below their color": (0, 1, lambda i, j, line: line[j]),
    "slanted, from the left edge": (1, 2, lambda i, j, line: line[(i + j) % len(line)]),
    "every second row, in turn, upwards": (2, 1, lambda i, j, line: np.where(i % 2 == 1, line[i // 2 % len(line)], 0)),
    "staircase": (0, 1, lambda i, j, line: np.where(i < j, line[j], 0)),
}


def made(rng: np.random.Generator, turn: int, top: int, fill: Fill) -> tuple[Grid, Grid]:
    grid = np.zeros((int(rng.integers(7, 10)), int(rng.integers(3, 6))), dtype=np.int8)
    grid[:top] = 5
    grid[0] = rng.permutation([1, 2, 3, 4, 6, 7])[: grid.shape[1]]
    out = grid.copy()
    i, j = np.indices(grid[top:].shape)
    out[top:] = fill(i, j, grid[0])
    return np.rot90(grid, turn), np.rot90(out, turn)


@pytest.mark.parametrize("name", sorted(FILLS))
def test_the_programs_fill_a_new_grid_in_the_same_way(name: str, runner: Any) -> None:
    rng = np.random.default_rng(9)
    grids = [made(rng, *FILLS[name]) for _ in range(4)]
    task = Task("toy", tuple(Pair(a, b) for a, b in grids[:3]), (grids[3][0],))
    drafts = sorted(headers.solve(Examples.of_task(task)), key=lambda draft: draft.cost)
    assert drafts
    (verdict,) = runner.confirm([Program(drafts[0].source, tuple(a for a, _ in grids))])
    assert isinstance(verdict, Ok)
    assert all(np.array_equal(b, out) for (_, b), out in zip(grids, verdict.outputs, strict=True))


def test_the_side_may_change_from_grid_to_grid(runner: Any) -> None:
    rng = np.random.default_rng(9)
    grids = [made(rng, turn, 1, FILLS["columns below their color"][2]) for turn in (0, 3, 1, 2)]
    task = Task("toy", tuple(Pair(a, b) for a, b in grids[:3]), (grids[3][0],))
    draft = min(headers.solve(Examples.of_task(task)), key=lambda draft: draft.cost)
    (verdict,) = runner.confirm([Program(draft.source, (grids[3][0],))])
    assert np.array_equal(verdict.outputs[0], grids[3][1])


def test_chance_is_not_explained() -> None:
    rng = np.random.default_rng(9)
    grids = [made(rng, 0, 1, lambda i, j, line: rng.integers(1, 5, i.shape)) for _ in range(3)]
    task = Task("toy", tuple(Pair(a, b) for a, b in grids[:2]), (grids[2][0],))
    assert list(headers.solve(Examples.of_task(task))) == []
