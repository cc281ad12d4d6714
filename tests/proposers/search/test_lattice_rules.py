"""Lattices made at random and changed by rules written here: the solver's programs say the same of a new lattice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers import CHEAP_SOLVERS, lattice_rules
from arc_solver.proposers.search.stages import SLOW_SOLVERS
from arc_solver.sandbox.verdicts import Ok, Program
from arc_solver.tasks import Pair, Task

Cells = np.ndarray[Any, np.dtype[np.int8]]
Rule = Callable[[Cells], Cells]


def drawn(cells: Cells, wall: int) -> Cells:
    """The grid of a lattice, lines one cell wide between the panels."""
    n_rows, n_cols, height, width = cells.shape
    grid = np.full((n_rows * (height + 1), n_cols * (width + 1)), wall, dtype=np.int8)
    for row, col in np.ndindex(n_rows, n_cols):
        top, left = row * (height + 1), col * (width + 1)
        grid[top : top + height, left : left + width] = cells[row, col]
    return grid[:-1, :-1]


def dotted(rng: np.random.Generator, shape: tuple[int, ...], colors: list[int], share: float) -> Cells:
    return np.where(rng.random(shape) < share, rng.choice(colors, shape), 0).astype(np.int8)


def filled_panels(cells: Cells) -> Cells:
    """Panels with a 3 are filled with 7, the others with nothing."""
    return np.where((cells == 3).any(axis=(2, 3), keepdims=True), 7, np.zeros_like(cells))


def completed(cells: Cells) -> Cells:
    """What at least two panels have is 4 in those that lack it."""
    often = (cells > 0).sum(axis=(0, 1), keepdims=True) >= 2
    return np.where((cells == 0) & often, 4, cells)


def map_of_panels(cells: Cells) -> Cells:
    """The fullest panel says what becomes of each; it is the one with three cells or more."""
    key = max(cells.reshape(-1, *cells.shape[2:]), key=np.count_nonzero)
    return np.where(key[:, :, None, None] > 0, cells, 0)


def rows_of_panels(cells: Cells) -> Cells:
    """Each panel of a row shows what any panel of the row shows."""
    return np.broadcast_to(cells.max(axis=1, keepdims=True), cells.shape).astype(np.int8)


RULES: dict[str, tuple[Rule, tuple[int, ...], list[int], float]] = {
    "panels with a mark are filled": (filled_panels, (2, 3, 3, 4), [1, 3, 6], 0.25),
    "what is frequent is completed": (completed, (2, 2, 4, 4), [2, 6], 0.3),
    "the fullest panel keeps some": (map_of_panels, (3, 3, 3, 3), [8, 2], 0.3),
    "panels of a row are laid over each other": (rows_of_panels, (3, 2, 3, 3), [9], 0.3),
}


def task_of(rule: Rule, shape: tuple[int, ...], colors: list[int], share: float, swap: int = 0) -> tuple[Task, Cells]:
    rng = np.random.default_rng(3)
    lattices = [dotted(rng, shape, colors, share) for _ in range(5)]
    grids = [(drawn(cells, 5), drawn(rule(cells), 5)) for cells in lattices]
    if swap:
        table = np.arange(10, dtype=np.int8)
        table[[0, swap]] = swap, 0
        grids = [(table[a], table[b]) for a, b in grids]
    *pairs, (test, answer) = grids
    return Task("toy", tuple(Pair(a, b) for a, b in pairs), (test,)), answer


@pytest.mark.parametrize("swap", [0, 4])
@pytest.mark.parametrize("name", sorted(RULES))
def test_the_programs_do_to_a_new_lattice_what_the_rule_does(name: str, swap: int, runner: Any) -> None:
    if swap and name == "what is frequent is completed":
        swap = 7  # the rule paints 4
    if swap == 4 and name == "panels with a mark are filled":
        swap = 8
    task, answer = task_of(*RULES[name], swap)
    drafts = sorted(lattice_rules.solve(Examples.of_task(task)), key=lambda draft: draft.cost)
    assert drafts
    inputs = (*(pair.input for pair in task.train), *task.test_inputs)
    (verdict,) = runner.confirm([Program(drafts[0].source, inputs)])
    assert isinstance(verdict, Ok)
    assert all(np.array_equal(pair.output, out) for pair, out in zip(task.train, verdict.outputs, strict=False))
    assert np.array_equal(verdict.outputs[-1], answer)
    assert len(drafts[0].body) <= 15


def test_an_output_may_have_a_cell_for_each_panel(runner: Any) -> None:
    rng = np.random.default_rng(8)
    lattices = [dotted(rng, (2, 3, 2, 2), [1, 2], 0.4) for _ in range(5)]
    pairs = [(drawn(cells, 8), np.where((cells == 2).any(axis=(2, 3)), 3, 0).astype(np.int8)) for cells in lattices]
    task = Task("toy", tuple(Pair(a, b) for a, b in pairs[:4]), (pairs[4][0],))
    draft = min(lattice_rules.solve(Examples.of_task(task)), key=lambda draft: draft.cost)
    (verdict,) = runner.confirm([Program(draft.source, task.test_inputs)])
    assert np.array_equal(verdict.outputs[0], pairs[4][1])


def test_chance_is_not_explained() -> None:
    rng = np.random.default_rng(5)
    task, _ = task_of(lambda cells: dotted(rng, cells.shape, [1, 2, 3], 0.5), (2, 3, 3, 3), [1, 2], 0.4)
    assert not [draft for draft in lattice_rules.solve(Examples.of_task(task)) if draft.cost < 18]


def test_lines_that_change_are_not_of_its_kind() -> None:
    task, _ = task_of(*RULES["panels with a mark are filled"])
    changed = tuple(Pair(pair.input, np.where(pair.output == 5, 9, pair.output).astype(np.int8)) for pair in task.train)
    assert list(lattice_rules.solve(Examples.of_task(Task("toy", changed, task.test_inputs)))) == []


def test_grids_without_lines_are_not_of_its_kind() -> None:
    rng = np.random.default_rng(6)
    grids = [rng.integers(0, 4, (6, 7)).astype(np.int8) for _ in range(3)]
    task = Task("toy", tuple(Pair(grid, np.zeros_like(grid)) for grid in grids[:2]), (grids[2],))
    assert list(lattice_rules.solve(Examples.of_task(task))) == []


def test_the_search_asks_it_in_its_second_pass() -> None:
    assert CHEAP_SOLVERS["lattice_rules"] is lattice_rules.solve
    assert "lattice_rules" in SLOW_SOLVERS
