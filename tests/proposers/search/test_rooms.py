"""Rooms between walls at random, painted by rules written here: the programs paint new rooms in the same way."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers import rooms
from arc_solver.sandbox.verdicts import Ok, Program
from arc_solver.tasks import Pair, Task

Room = tuple[slice, slice]
Color = Callable[[Grid, Room, list[Room]], int]


def size(room: Room) -> int:
    return int((room[0].stop - room[0].start) * (room[1].stop - room[1].start))


def largest(grid: Grid, room: Room, every: list[Room]) -> int:
    """Red in the largest rooms, as they are otherwise."""
    return 2 if size(room) == max(map(size, every)) else int(grid.min())


def at_the_edge(grid: Grid, room: Room, every: list[Room]) -> int:
    """One colour for rooms at the edge, another for those in the middle."""
    return 3 if 0 in (room[0].start, room[1].start) or grid.shape[0] == room[0].stop else 7


def square(grid: Grid, room: Room, every: list[Room]) -> int:
    height, width = (part.stop - part.start for part in room)
    return 6 if height == width else 1


RULES: dict[str, tuple[Color, int, int]] = {
    "the largest": (largest, 0, 5),
    "edge and middle": (at_the_edge, 0, 8),
    "squares": (square, 4, 9),
}


def made(rng: np.random.Generator, color: Color, ground: int, wall: int) -> tuple[Grid, Grid]:
    """Rooms of several heights and widths between full walls; the last column is wall."""
    grid = np.full((14, 15), ground, dtype=np.int8)
    rows = [-1, *np.cumsum(rng.permutation([2, 3, 4, 5])).tolist()]
    cols = [-1, *np.cumsum(rng.permutation([3, 4, 2, 5])).tolist()]
    every = []
    for top, bottom in zip(rows, [*rows[1:], 14], strict=True):
        for left, right in itertools.pairwise(cols):
            if bottom > top + 1:
                every.append((slice(top + 1, bottom), slice(left + 1, right)))
    grid[[row for row in rows if 0 <= row < 14]] = wall
    grid[:, cols[1:]] = wall
    out = grid.copy()
    for room in every:
        if (grid[room] == ground).all():
            out[room] = color(grid, room, every)
    return grid, out


@pytest.mark.parametrize("name", sorted(RULES))
def test_the_programs_paint_new_rooms_in_the_same_way(name: str, runner: Any) -> None:
    rng = np.random.default_rng(7)
    grids = [made(rng, *RULES[name]) for _ in range(5)]
    task = Task("toy", tuple(Pair(a, b) for a, b in grids[:4]), (grids[4][0],))
    drafts = sorted(rooms.solve(Examples.of_task(task)), key=lambda draft: draft.cost)
    assert drafts
    (verdict,) = runner.confirm([Program(drafts[0].source, tuple(a for a, _ in grids))])
    assert isinstance(verdict, Ok)
    assert all(np.array_equal(b, out) for (_, b), out in zip(grids, verdict.outputs, strict=True))


def test_chance_is_not_explained() -> None:
    rng = np.random.default_rng(7)
    grids = [made(rng, lambda grid, room, every: int(rng.integers(1, 4)), 0, 5) for _ in range(4)]
    task = Task("toy", tuple(Pair(a, b) for a, b in grids[:3]), (grids[3][0],))
    assert list(rooms.solve(Examples.of_task(task))) == []


def test_painted_walls_are_not_of_its_kind() -> None:
    rng = np.random.default_rng(7)
    grids = [made(rng, *RULES["the largest"])[0] for _ in range(3)]
    pairs = tuple(Pair(grid, np.where(grid == 5, 2, 3).astype(np.int8)) for grid in grids[:2])
    assert list(rooms.solve(Examples.of_task(Task("toy", pairs, (grids[2],))))) == []
