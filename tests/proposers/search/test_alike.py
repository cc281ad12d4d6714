"""Tasks whose pairs are alike only when turned or renamed: the programs do the same to a new grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from arc_solver.budget import Deadline, ManualClock
from arc_solver.proposers.search.alike import View, viewed, views, wrapped
from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers import cell_rules, mixtures, recolor
from arc_solver.proposers.search.stages import TaskSearch
from arc_solver.sandbox.verdicts import Ok, Program
from arc_solver.tasks import Pair, Task

Cells = np.ndarray[Any, np.dtype[np.int8]]
Made = tuple[Cells, Cells]
SOLVERS = {"recolor": recolor.solve, "mixtures": mixtures.solve, "cell_rules": cell_rules.solve}


def with_floor(seed: int) -> Made:
    """What lies above a floor of any colour takes the floor's colour in every second column; the floor is anywhere."""
    rng = np.random.default_rng(seed)
    grid = np.where(rng.random((6 + seed % 3, 7)) < 0.5, 3, 0)
    grid[-1] = 4 + seed % 4
    out = grid.copy()
    out[:, ::2][grid[:, ::2] == 3] = 4 + seed % 4
    turns = (0, 1, 2, 3, 1)[seed]
    return np.rot90(grid, turns).astype(np.int8), np.rot90(out, turns).astype(np.int8)


def corner_mark(seed: int) -> Made:
    """A cell marks a corner; the figure is repeated in the opposite half, mirrored."""
    rng = np.random.default_rng(seed + 10)
    figure = np.zeros((8, 8), dtype=np.int64)
    figure[1:7, 1:4] = np.where(rng.random((6, 3)) < 0.6, 2, 0)
    figure[0, 0] = 7
    out = figure.copy()
    out[:, 4:] = np.where(figure == 2, 5, 0)[:, ::-1][:, 4:]
    rows, cols = ((1, 1), (1, -1), (-1, 1), (-1, -1), (1, -1))[seed]
    return figure[::rows, ::cols].astype(np.int8), out[::rows, ::cols].astype(np.int8)


def three_colors(seed: int) -> Made:
    """The most frequent colour goes, the second becomes the third, the third becomes 8; colours differ."""
    rng = np.random.default_rng(seed + 20)
    first, second, third = ((1, 2, 3), (4, 1, 6), (2, 7, 5), (6, 3, 2), (3, 5, 4))[seed]
    cells = [first] * 15 + [second] * 9 + [third] * 4 + [0] * 14
    grid = rng.permutation(cells).reshape(6, 7)
    out = np.select([grid == second, grid == third], [third, 8], 0)
    return grid.astype(np.int8), out.astype(np.int8)


MADE: dict[str, Callable[[int], Made]] = {"floor": with_floor, "corner": corner_mark, "colours": three_colors}


def task_of(made: Callable[[int], Made]) -> tuple[Task, Cells]:
    pairs = [made(seed) for seed in range(5)]
    return Task("toy", tuple(Pair(a, b) for a, b in pairs[:-1]), (pairs[-1][0],)), pairs[-1][1]


@pytest.mark.parametrize("name", sorted(MADE))
def test_the_programs_do_to_a_new_grid_what_the_rule_does(name: str, runner: Any) -> None:
    task, answer = task_of(MADE[name])
    examples, deadline = Examples.of_task(task), Deadline.after(60, ManualClock())
    drafts = sorted(viewed(examples, SOLVERS, deadline), key=lambda draft: (draft.cost, draft.source))
    assert drafts
    inputs = (*(pair.input for pair in task.train), *task.test_inputs)
    (verdict,) = runner.confirm([Program(drafts[0].source, inputs)])
    assert isinstance(verdict, Ok)
    assert all(np.array_equal(pair.output, out) for pair, out in zip(task.train, verdict.outputs, strict=False))
    assert np.array_equal(verdict.outputs[-1], answer)
    assert len(drafts[0].body) <= 15
    assert max(map(len, drafts[0].source.splitlines())) <= 120


def test_the_last_pass_looks_at_views_once() -> None:
    task, _ = task_of(three_colors)
    search = TaskSearch(task, Deadline.after(60, ManualClock()))
    assert any(draft.stage.endswith("_seen") for draft in search.deeper(10))
    assert not any(draft.stage.endswith("_seen") for draft in search.deeper(20))


@pytest.mark.parametrize("name", sorted(MADE))
def test_a_view_can_be_undone(name: str, runner: Any) -> None:
    task, _ = task_of(MADE[name])
    for view in views(Examples.of_task(task)):
        body = wrapped(("return grid",), view)
        assert body is not None
        source = "\n    ".join(("def task(grid):", *body)) + "\n"
        (verdict,) = runner.confirm([Program(source, tuple(pair.input for pair in task.train))])
        assert all(np.array_equal(pair.input, out) for pair, out in zip(task.train, verdict.outputs, strict=True))


def test_nothing_is_seen_otherwise_where_all_pairs_lie_alike() -> None:
    grids = [np.array([[0, 0, 0, 0], [0, 0, 0, 0], [5, 5, 0, 2]], dtype=np.int8) for _ in range(3)]
    task = Task("toy", tuple(Pair(grid, grid) for grid in grids[:2]), (grids[2],))
    assert views(Examples.of_task(task)) == []


def test_statements_that_return_early_are_not_wrapped() -> None:
    view = View(Examples((), ()), ("grid = grid.T",), "{}.T", 1.0)
    assert wrapped(("if grid.any():", "    return grid", "return grid"), view) is None
    assert wrapped(("out = grid", "return out"), view) == ("grid = grid.T", "out = grid", "return out.T")
