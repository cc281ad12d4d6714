"""Rings and figures of several colours: the programs let the colours of a new grid change places in the same way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers import palettes
from arc_solver.sandbox.verdicts import Ok, Program
from arc_solver.tasks import Pair, Task

Cells = np.ndarray[Any, np.dtype[np.int8]]
Made = tuple[Cells, Cells]


def nested(colors: list[int], core: int = 2) -> Cells:
    """Rings of these colours, from outside to inside; the last fills a core of that size."""
    side = 2 * (len(colors) - 1) + core
    grid = np.zeros((side, side), dtype=np.int8)
    for depth, color in enumerate(colors):
        grid[depth : side - depth, depth : side - depth] = color
    return grid


def chosen(seed: int, n: int) -> list[int]:
    colors: list[int] = np.random.default_rng(seed).permutation(np.arange(1, 10))[:n].tolist()
    return colors


def rings_move_inwards(seed: int) -> Made:
    """Every ring takes the colour of the next outer one, the outermost that of the core."""
    colors = chosen(seed, 3 + seed % 3)
    return nested(colors, 1 + seed % 4), nested(colors[-1:] + colors[:-1], 1 + seed % 4)


def figures_swap(seed: int) -> Made:
    """Frame and core change colours in each of two boxes."""
    grid, out = np.zeros((8, 13), dtype=np.int8), np.zeros((8, 13), dtype=np.int8)
    for row, col, one in ((1, 0, chosen(seed, 2)), (0, 7, chosen(seed + 50, 2))):
        core = 1 + (seed + col) % 3
        side = core + 2
        grid[row : row + side, col : col + side] = nested(one, core)
        out[row : row + side, col : col + side] = nested(one[::-1], core)
    return grid, out


def rare_and_frequent(seed: int) -> Made:
    """On black, the most frequent colour becomes the rarest and the other way round."""
    first, second, third = chosen(seed, 3)
    cells = np.random.default_rng(seed).permutation([0] * 30 + [first] * 14 + [second] * 8 + [third] * 4).reshape(7, 8)
    out = np.select([cells == first, cells == third], [third, first], cells)
    return cells.astype(np.int8), out.astype(np.int8)


MADE: dict[str, Callable[[int], Made]] = {
    "rings move inwards": rings_move_inwards,
    "figures swap their colours": figures_swap,
    "the frequent become rare": rare_and_frequent,
}


def task_of(made: Callable[[int], Made]) -> tuple[Task, Cells]:
    pairs = [made(seed) for seed in range(5)]
    return Task("toy", tuple(Pair(a, b) for a, b in pairs[:-1]), (pairs[-1][0],)), pairs[-1][1]


@pytest.mark.parametrize("name", sorted(MADE))
def test_the_programs_do_to_a_new_grid_what_the_rule_does(name: str, runner: Any) -> None:
    task, answer = task_of(MADE[name])
    drafts = sorted(palettes.solve(Examples.of_task(task)), key=lambda draft: (draft.cost, draft.source))
    assert drafts
    inputs = (*(pair.input for pair in task.train), *task.test_inputs)
    (verdict,) = runner.confirm([Program(drafts[0].source, inputs)])
    assert isinstance(verdict, Ok)
    assert all(np.array_equal(pair.output, out) for pair, out in zip(task.train, verdict.outputs, strict=False))
    assert np.array_equal(verdict.outputs[-1], answer)


def test_a_colour_that_is_new_is_not_of_its_kind() -> None:
    task, _ = task_of(lambda seed: (nested([1, 2, 3 + seed]), nested([3 + seed, 2, 9])))
    assert list(palettes.solve(Examples.of_task(task))) == []


def test_chance_is_not_explained() -> None:
    rng = np.random.default_rng(2)
    task, _ = task_of(lambda seed: (rare_and_frequent(seed)[0], rng.permutation(rare_and_frequent(seed)[0])))
    assert list(palettes.solve(Examples.of_task(task))) == []
