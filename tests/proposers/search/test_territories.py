"""Grids with a few marks at random, painted by rules written here: the programs say the same of a new grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers import territories
from arc_solver.sandbox.verdicts import Ok, Program
from arc_solver.tasks import Pair, Task

Rule = Callable[[Grid], Grid]


def marked(rng: np.random.Generator, n_marks: int, colors: list[int], ground: int) -> Grid:
    grid = np.full((9, 11), ground, dtype=np.int8)
    places = rng.choice(grid.size, n_marks, replace=False)
    grid.ravel()[places] = rng.permutation(colors)[:n_marks]
    return grid


def distances(grid: Grid, ground: int) -> tuple[Any, Any, Any]:
    """Rows and columns from each mark, and the marks' colours."""
    marks = np.argwhere(grid != ground)
    rows, cols = abs(np.indices(grid.shape)[:, None] - marks.T[:, :, None, None])
    return rows, cols, grid[marks[:, 0], marks[:, 1]]


def stripes(grid: Grid) -> Grid:
    """Every second column, in the colour of the mark that is nearest in columns, counted from it."""
    _, cols, colors = distances(grid, 0)
    near = cols.argmin(axis=0)
    return np.where((cols.min(axis=0) % 2 == 0) & (grid == 0), colors[near], grid).astype(np.int8)


def rings(grid: Grid) -> Grid:
    """Green next to each mark on every side but its own cell."""
    rows, cols, _ = distances(grid, 7)
    away = np.maximum(rows, cols).min(axis=0)
    return np.where(away == 1, 3, grid).astype(np.int8)


def districts(grid: Grid) -> Grid:
    """Everything takes the colour of the nearest mark, unless two are as near."""
    rows, cols, colors = distances(grid, 0)
    away = rows + cols
    alone = (away == away.min(axis=0)).sum(axis=0) == 1
    return np.where(alone, colors[away.argmin(axis=0)], grid).astype(np.int8)


def columns(grid: Grid) -> Grid:
    """Every n-th column from the upper mark on both sides, where n is how far apart the marks are."""
    first, second = np.argwhere(grid != 0)
    away = abs(np.indices(grid.shape)[1] - first[1])
    step = int(abs(second - first).max())
    return np.where((away % step == 0) & (grid == 0), 5, grid).astype(np.int8)


def crosses(grid: Grid) -> Grid:
    """Dotted crosses through both marks, each in the colour of the other, up to half of the way."""
    rows, cols, colors = distances(grid, 6)
    away = rows + cols
    near = away.argmin(axis=0)
    down, across = (np.take_along_axis(one, near[None], 0)[0] for one in (rows, cols))
    dots = ((down == 0) | (across == 0)) & ((down + across) % 2 == 0) & (grid == 6)
    return np.where(dots, colors[1 - near], grid).astype(np.int8)


RULES: dict[str, tuple[Rule, int, list[int], int]] = {
    "stripes": (stripes, 2, [1, 2, 3, 6], 0),
    "rings": (rings, 3, [1, 2, 4, 6], 7),
    "columns": (columns, 2, [1, 2, 4, 8, 9], 0),
    "crosses": (crosses, 2, [1, 2, 4, 8, 9], 6),
    "districts": (districts, 3, [1, 2, 4, 8, 9], 0),
}


@pytest.mark.parametrize("name", sorted(RULES))
def test_the_programs_do_to_new_marks_what_the_rule_does(name: str, runner: Any) -> None:
    rule, n_marks, colors, ground = RULES[name]
    rng = np.random.default_rng(4)
    *grids, test = [marked(rng, n_marks, colors, ground) for _ in range(5)]
    task = Task("toy", tuple(Pair(grid, rule(grid)) for grid in grids), (test,))
    drafts = sorted(territories.solve(Examples.of_task(task)), key=lambda draft: draft.cost)
    assert drafts
    (verdict,) = runner.confirm([Program(drafts[0].source, (*grids, test))])
    assert isinstance(verdict, Ok)
    assert all(np.array_equal(rule(grid), out) for grid, out in zip((*grids, test), verdict.outputs, strict=True))


def test_chance_is_not_explained() -> None:
    rng = np.random.default_rng(2)
    grids = [marked(rng, 3, [1, 2, 3], 0) for _ in range(4)]
    pairs = [Pair(grid, np.where((grid == 0) & (rng.random(grid.shape) < 0.4), 5, grid)) for grid in grids[:3]]
    assert list(territories.solve(Examples.of_task(Task("toy", tuple(pairs), (grids[3],))))) == []


def test_painted_over_marks_are_not_of_its_kind() -> None:
    rng = np.random.default_rng(2)
    grids = [marked(rng, 3, [1, 2, 3], 0) for _ in range(3)]
    pairs = tuple(Pair(grid, np.full_like(grid, 2)) for grid in grids[:2])
    assert list(territories.solve(Examples.of_task(Task("toy", pairs, (grids[2],))))) == []
