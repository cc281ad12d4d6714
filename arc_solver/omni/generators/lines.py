"""Builders that draw lines: across the scene, from its edges, between cells.

Knows nothing of objects.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from arc_solver.omni.generators.canvas import Canvas, below, drawn, one_of, shuffled
from arc_solver.omni.generators.registry import Color, Colors, Grid, Range, Sides, builder

Axis = Literal["rows", "cols", "both"]


@builder
def full_lines(
    rng: np.random.Generator, grid: Grid, n: Range, colors: Colors, direction: Axis = "both", gap: Range = 1
) -> Grid:
    """Lines from edge to edge, at least `gap` cells apart; `both`: rows first, so that columns cross them."""
    made = grid.copy()
    space = drawn(rng, gap) + 1
    for axis in ("rows", "cols"):
        if direction not in (axis, "both"):
            continue
        lines = made if axis == "rows" else made.T
        for index in _spread(rng, len(lines), drawn(rng, n), space):
            lines[index] = one_of(rng, colors)
    return made


@builder
def divide(
    rng: np.random.Generator,
    grid: Grid,
    color: Color,
    direction: Literal["rows", "cols", "both"] = "cols",
    centered: bool = True,
) -> Grid:
    """One line (`both`: two) that divides the scene, in the middle or anywhere but at an edge."""
    made = grid.copy()
    for axis, lines in (("rows", made), ("cols", made.T)):
        if direction in (axis, "both"):
            n = len(lines)
            lines[n // 2 if centered or n < 3 else 1 + below(rng, n - 2)] = color
    return made


@builder
def segments(
    rng: np.random.Generator,
    grid: Grid,
    n: Range,
    colors: Colors,
    length: Sides = (2, 6),
    direction: Axis = "both",
    gap: Range = 1,
) -> Grid:
    """Straight segments, apart from one another."""
    canvas = Canvas(grid)
    space = drawn(rng, gap)
    for _ in range(drawn(rng, n)):
        segment = np.full((1, drawn(rng, length)), one_of(rng, colors), dtype=np.int8)
        upright = direction == "cols" or (direction == "both" and rng.random() < 0.5)
        canvas.place(rng, segment.T if upright else segment, space)
    return canvas.grid


@builder
def rays(rng: np.random.Generator, grid: Grid, n: Range, colors: Colors, length: Sides = (2, 8)) -> Grid:
    """Lines that grow from an edge into the scene, and stop in front of what is there."""
    made, background = grid.copy(), Canvas(grid).background
    for _ in range(drawn(rng, n)):
        lines = (made, made[:, ::-1], made.T, made.T[:, ::-1])[below(rng, 4)]
        line = lines[below(rng, len(lines))]
        reach = min(drawn(rng, length), len(line))
        blocked = np.flatnonzero(line[:reach] != background)
        line[: blocked[0] if len(blocked) else reach] = one_of(rng, colors)
    return made


@builder
def diagonals(
    rng: np.random.Generator, grid: Grid, n: Range, colors: Colors, length: Sides = 30, rising: bool = True
) -> Grid:
    """Diagonal lines that start anywhere and go down, to either side (`rising`: or to the right only)."""
    made = grid.copy()
    n_rows, n_cols = grid.shape
    for _ in range(drawn(rng, n)):
        scene = made[:, ::-1] if rising and rng.random() < 0.5 else made
        row, col = (0, below(rng, n_cols)) if rng.random() < 0.5 else (below(rng, n_rows), 0)
        steps = np.arange(min(drawn(rng, length), n_rows - row, n_cols - col))
        scene[row + steps, col + steps] = one_of(rng, colors)
    return made


@builder
def aligned_pairs(
    rng: np.random.Generator, grid: Grid, n: Range, colors: Colors, direction: Axis = "both", distance: Sides = (2, 12)
) -> Grid:
    """Pairs of cells of one colour in one row or column, nothing between them."""
    canvas = Canvas(grid)
    for _ in range(drawn(rng, n)):
        upright = direction == "cols" or (direction == "both" and rng.random() < 0.5)
        scene = canvas.grid.T if upright else canvas.grid
        span = min(drawn(rng, distance), scene.shape[1] - 1) + 1
        spot = canvas.room(rng, span, 1, 0) if upright else canvas.room(rng, 1, span, 0)
        if spot is not None:
            row, col = spot[::-1] if upright else spot
            scene[row, [col, col + span - 1]] = one_of(rng, colors)
            canvas.taken = canvas.grid != canvas.background
    return canvas.grid


@builder
def border_marks(
    rng: np.random.Generator,
    grid: Grid,
    n: Range,
    colors: Colors,
    side: Literal["top", "left", "bottom", "right", "any"] = "any",
    gap: Range = 1,
) -> Grid:
    """Single cells at an edge, where lines or rays may start."""
    made = grid.copy()
    edges = {"top": made[0], "left": made[:, 0], "bottom": made[-1], "right": made[:, -1]}
    space = drawn(rng, gap) + 1
    edge = edges[one_of(rng, list(edges)) if side == "any" else side]
    for index in _spread(rng, len(edge), drawn(rng, n), space):
        edge[index] = one_of(rng, colors)
    return made


@builder
def path(rng: np.random.Generator, grid: Grid, color: Color, turns: Range = (1, 4), length: Sides = (2, 6)) -> Grid:
    """One line that starts at an edge and turns right or left at times."""
    made = grid.copy()
    n_rows, n_cols = grid.shape
    row, col = 0, below(rng, n_cols)
    down, right = 1, 0
    for _ in range(drawn(rng, turns) + 1):
        for _ in range(drawn(rng, length)):
            made[row, col] = color
            if not (0 <= row + down < n_rows and 0 <= col + right < n_cols):
                return made
            row, col = row + down, col + right
        down, right = (right, down) if rng.random() < 0.5 else (-right, -down)
    made[row, col] = color
    return made


def _spread(rng: np.random.Generator, n_places: int, n: int, space: int) -> list[int]:
    """At most `n` of the places 0..n_places - 1, each `space` or more from the others."""
    chosen: list[int] = []
    for index in shuffled(rng, range(n_places)):
        if len(chosen) == n:
            break
        if all(abs(index - other) >= space for other in chosen):
            chosen.append(index)
    return chosen
