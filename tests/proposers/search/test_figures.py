"""Figures that are whole once and found again in parts: made-up scenes, each with other free choices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from arc_solver.dsl.lattices import eight_views
from arc_solver.dsl.scaling import upscale
from arc_solver.grids import Grid, as_grid, grids_equal
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers import figures
from arc_solver.sandbox.verdicts import Ok, Program
from arc_solver.tasks import Pair, Task

FIRST = np.array([[1, 0, 0], [4, 4, 4], [0, 2, 4]])
SECOND = np.array([[3, 6, 6], [0, 6, 0], [0, 7, 7]])
THIRD = np.array([[0, 5, 1], [5, 5, 0], [0, 8, 5]])


@dataclass(frozen=True)
class Scene:
    """A figure at (1, 1) and, at each of `places`, as much of it as `is_key` says.

    Attributes:
        figure: The figure, 0 where it has no cell.
        is_key: Which colours are left of it elsewhere.
        places: Index of the view, scale, row and column.
        ground: The background.
    """

    figure: Grid
    is_key: Callable[[int], bool]
    places: Sequence[tuple[int, int, int, int]]
    ground: int = 0

    def pair(self, moved: bool = False, added: int | None = None) -> Pair:
        """The scene, and what becomes of it."""
        before = np.full((16, 16), self.ground)
        _put(before, self.figure, 1, 1)
        after = np.full((16, 16), self.ground) if moved else before.copy()
        keys = np.where(np.vectorize(self.is_key)(self.figure), self.figure, 0)
        for view, scale, row, col in self.places:
            _put(before, upscale(eight_views(keys)[view], scale), row, col)
            whole = self.figure if added is None else np.where((self.figure != 0) & (keys == 0), added, self.figure)
            _put(after, upscale(eight_views(whole)[view], scale), row, col)
        return Pair(as_grid(before), as_grid(after))


def _put(grid: Grid, piece: Grid, row: int, col: int) -> None:
    part = grid[row : row + len(piece), col : col + len(piece[0])]
    piece = piece[: len(part), : len(part[0])]
    part[piece != 0] = piece[piece != 0]


def _ends(color: int) -> bool:
    return color in (1, 2, 3, 7, 8)


def _six(color: int) -> bool:
    return color in (2, 6, 8)


# name -> (training scenes, test scene, moved, colour of what is added)
SOLVED: dict[str, tuple[list[Scene], Scene, bool, int | None]] = {
    "as it is, on another ground": (
        [Scene(FIRST, _ends, [(0, 1, 8, 3), (0, 1, 3, 10)], 9), Scene(SECOND, _ends, [(0, 1, 10, 9)], 9)],
        Scene(THIRD, _ends, [(0, 1, 6, 6), (0, 1, 11, 1)], 9),
        False,
        None,
    ),
    "turned and mirrored, taken away where it was": (
        [Scene(FIRST, _ends, [(1, 1, 8, 3)]), Scene(SECOND, _ends, [(6, 1, 10, 9)])],
        Scene(THIRD, _ends, [(4, 1, 6, 7)]),
        True,
        None,
    ),
    "enlarged": (
        [Scene(FIRST, _ends, [(0, 2, 8, 3)]), Scene(SECOND, _ends, [(0, 3, 6, 5)])],
        Scene(THIRD, _ends, [(0, 2, 6, 7), (0, 1, 13, 2)]),
        False,
        None,
    ),
    "always mirrored": (
        [Scene(FIRST, _ends, [(5, 1, 8, 3)]), Scene(SECOND, _ends, [(5, 1, 10, 9)])],
        Scene(THIRD, _ends, [(5, 1, 6, 7)]),
        False,
        None,
    ),
    "what is added in a colour of its own": (
        [Scene(FIRST, _ends, [(0, 1, 8, 3), (2, 1, 5, 9)]), Scene(SECOND, _ends, [(3, 1, 10, 9)])],
        Scene(THIRD, _ends, [(1, 1, 6, 7)]),
        False,
        9,
    ),
    "cut off by the edge": (
        [Scene(FIRST, lambda c: c == 4, [(0, 1, 9, 13)]), Scene(SECOND, _six, [(0, 1, 13, 8)])],
        Scene(THIRD, lambda c: c == 5, [(0, 1, 13, 5)]),
        False,
        None,
    ),
}


@pytest.mark.parametrize("name", SOLVED)
def test_figures_are_completed(name: str, runner) -> None:
    scenes, last, moved, added = SOLVED[name]
    task = Task("toy", tuple(scene.pair(moved, added) for scene in scenes), (last.pair(moved, added).input,))
    wanted = last.pair(moved, added).output
    assert any(
        grids_equal(answer, wanted) for answer in _answers(list(figures.solve(Examples.of_task(task))), task, runner)
    )


def _answers(drafts: list[Draft], task: Task, runner) -> list[Grid]:
    """What the drafts make of the test input; each must be right on the training pairs."""
    inputs = (*(pair.input for pair in task.train), *task.test_inputs)
    verdicts = runner.confirm([Program(draft.source, inputs) for draft in drafts])
    for verdict in verdicts:
        assert all(map(grids_equal, verdict.outputs, [pair.output for pair in task.train]))
    return [verdict.outputs[-1] for verdict in verdicts if isinstance(verdict, Ok)]


@pytest.mark.parametrize(
    ("pairs", "test"),
    [
        ([("0120/0000/3004", "0140/0200/3004"), ("0500/6000/0007", "0500/6050/8007")], "0100/2000"),
        ([("01200/00000/00010", "01200/00000/00013"), ("0430/0000/0400", "0430/0000/0420")], "0120/0000/0010"),
        ([("123/405", "123"), ("31/42", "31")], "11/21"),
    ],
    ids=["noise", "colours of no figure", "other sizes"],
)
def test_what_completes_no_figure_gets_no_program(pairs: list[tuple[str, str]], test: str, toy_task) -> None:
    assert list(figures.solve(Examples.of_task(toy_task(pairs, test)))) == []
