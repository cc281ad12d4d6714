"""Boxes that are not drawn as such, on grids made at random: the programs paint a new grid as the rule here does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers import boxes
from arc_solver.sandbox.verdicts import Ok, Program
from arc_solver.tasks import Pair, Task

Made = Callable[[np.random.Generator], tuple[Grid, Grid]]


def corners(rng: np.random.Generator) -> tuple[Grid, Grid]:
    """Four equal corners: a frame in their colour is drawn between them."""
    grid = np.full((12, 14), 8, dtype=np.int8)
    out = grid.copy()
    for left, color in ((0, rng.choice([1, 2])), (7, rng.choice([3, 4]))):
        top, bottom = rng.integers(0, 4), rng.integers(7, 12)
        first, last = left + rng.integers(0, 2), left + rng.integers(4, 7)
        grid[np.ix_([top, bottom], [first, last])] = color
        out[top : bottom + 1, first : last + 1] = color
        out[top + 1 : bottom, first + 1 : last] = 8
    return grid, out


def scattered(rng: np.random.Generator) -> tuple[Grid, Grid]:
    """Scattered 5s lie in a box that becomes 9 but for them."""
    grid = np.zeros((15, 15), dtype=np.int8)
    out = grid.copy()
    for row, col in ((rng.integers(0, 3), rng.integers(0, 9)), (rng.integers(8, 10), rng.integers(0, 9))):
        height, width = int(rng.integers(3, 5)), int(rng.integers(3, 6))
        cells = (np.indices((height, width)).sum(axis=0) % 2 == 0) & (rng.random((height, width)) < 0.95)
        cells[0, 0] = cells[-1, (height - 1) % 2] = cells[(width - 1) % 2, -1] = True
        grid[row : row + height, col : col + width][cells] = 5
        places = np.argwhere(cells)
        (top, left), (bottom, right) = places.min(axis=0), places.max(axis=0)
        out[row + top : row + bottom + 1, col + left : col + right + 1] = 9
    return grid, np.where(grid == 5, grid, out).astype(np.int8)


def broken(rng: np.random.Generator) -> tuple[Grid, Grid]:
    """A box with a bar across, of which cells are missing; they come back in 3."""
    whole = np.zeros((13, 13), dtype=np.int8)
    top, left, bottom, right = rng.integers(0, 3), rng.integers(0, 3), rng.integers(8, 13), rng.integers(8, 13)
    whole[top : bottom + 1, left : right + 1] = 6
    whole[top + 1 : bottom, left + 1 : right] = 0
    whole[:, 5][top : bottom + 1] = 6
    gone = np.zeros(whole.shape, dtype=np.bool_)
    gone[top, left + 2], gone[bottom - 2, right], gone[top + 2, 5], gone[bottom, 6] = True, True, True, True
    return np.where(gone, 0, whole).astype(np.int8), np.where(gone & (whole > 0), 3, whole).astype(np.int8)


def frames(rng: np.random.Generator) -> tuple[Grid, Grid]:
    """A frame of 7 around 2s that occur elsewhere in the same way."""
    grid = np.where(rng.random((16, 16)) < 0.5, 1, 0).astype(np.int8)
    core = np.array([[2, 2, 0], [0, 2, 2]], dtype=np.int8)
    places = [(int(rng.integers(1, 3)), int(rng.integers(1, 3))), (9, int(rng.integers(2, 9)))]
    out = grid.copy()
    for index, (row, col) in enumerate(places):
        for one in (grid, out):
            if one is out or index == 0:
                one[row - 1 : row + 3, col - 1 : col + 4] = 7
            one[row : row + 2, col : col + 3] = core
    return grid, out


KINDS: dict[str, Made] = {"corners": corners, "scattered": scattered, "broken": broken, "frames": frames}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_the_programs_do_to_a_new_grid_what_the_rule_does(name: str, runner: Any) -> None:
    rng = np.random.default_rng(11)
    made = [KINDS[name](rng) for _ in range(4)]
    task = Task("toy", tuple(Pair(a, b) for a, b in made[:3]), (made[3][0],))
    drafts = sorted(boxes.solve(Examples.of_task(task)), key=lambda draft: draft.cost)
    assert drafts
    (verdict,) = runner.confirm([Program(drafts[0].source, tuple(a for a, _ in made))])
    assert isinstance(verdict, Ok)
    assert all(np.array_equal(answer, out) for (_, answer), out in zip(made, verdict.outputs, strict=True))
    assert all(len(line) <= 120 for line in drafts[0].source.splitlines())


def test_chance_is_not_explained() -> None:
    rng = np.random.default_rng(1)
    made = [corners(rng)[0] for _ in range(3)]
    pairs = tuple(Pair(grid, np.where(rng.random(grid.shape) < 0.2, 5, grid).astype(np.int8)) for grid in made[:2])
    assert list(boxes.solve(Examples.of_task(Task("toy", pairs, (made[2],))))) == []


def test_other_sizes_are_not_of_its_kind() -> None:
    grid = np.eye(4, dtype=np.int8)
    assert list(boxes.solve(Examples.of_task(Task("toy", (Pair(grid, grid[:2]),), (grid,))))) == []
