"""Builders that put copies of one shape into a scene.

Knows nothing of how shapes are made.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from arc_solver.omni.generators.canvas import Canvas, below, drawn, one_of, scattered, turned
from arc_solver.omni.generators.registry import HOLE, Color, Colors, Grid, Range, Shape, builder


@builder
def scatter_copies(
    rng: np.random.Generator, grid: Grid, shape: Shape, n: Range, turn: bool = False, gap: Range = 1
) -> Grid:
    """Copies of one shape. `turn`: each in an orientation of its own."""
    return scattered(rng, grid, drawn(rng, n), drawn(rng, gap), lambda: turned(rng, shape) if turn else shape)


@builder
def scatter_recolored(
    rng: np.random.Generator, grid: Grid, shape: Shape, n: Range, colors: Colors, turn: bool = False, gap: Range = 1
) -> Grid:
    """Copies of one shape, each in one colour of its own."""

    def make() -> NDArray[np.int8]:
        copy = np.where(shape == HOLE, shape, np.int8(one_of(rng, colors)))
        return turned(rng, copy) if turn else copy

    return scattered(rng, grid, drawn(rng, n), drawn(rng, gap), make)


@builder
def odd_one_out(
    rng: np.random.Generator,
    grid: Grid,
    shape: Shape,
    n: Range,
    odd: Literal["color", "cell", "orientation"],
    color: Color,
    gap: Range = 1,
) -> Grid:
    """`n` copies of a shape and one that differs: in `color`, in a cell that takes `color`, or in orientation."""
    cells = np.argwhere(shape != HOLE)
    other = shape.copy()
    if odd == "color":
        other[shape != HOLE] = color
    elif odd == "cell":
        row, col = cells[below(rng, len(cells))].tolist()
        other[row, col] = color
    else:
        other = np.rot90(shape, 1 + below(rng, 3))
    canvas = Canvas(grid)
    space = drawn(rng, gap)
    for copy in [other, *[shape] * drawn(rng, n)]:
        canvas.place(rng, copy, space)
    return canvas.grid


@builder
def copies_and_marks(rng: np.random.Generator, grid: Grid, shape: Shape, n: Range, mark: Color, gap: Range = 2) -> Grid:
    """One whole copy of a shape with a marked cell, and `n` marks alone: where the rest of the shape may belong."""
    cells = np.argwhere(shape != HOLE)
    row, col = cells[below(rng, len(cells))].tolist()
    whole = shape.copy()
    whole[row, col] = mark
    canvas = Canvas(grid)
    canvas.place(rng, whole, 1)
    dot = np.full((1, 1), mark, dtype=np.int8)
    space = drawn(rng, gap)
    for _ in range(drawn(rng, n)):
        canvas.place(rng, dot, space)
    return canvas.grid


@builder
def row_of_copies(
    rng: np.random.Generator,
    grid: Grid,
    shape: Shape,
    n: Range,
    spacing: Range = 1,
    direction: Literal["rows", "cols", "diagonal"] = "rows",
) -> Grid:
    """Copies of one shape in a row, equally spaced; what reaches beyond the scene is cut off."""
    canvas = Canvas(grid)
    space = drawn(rng, spacing)
    height, width = shape.shape
    down = 0 if direction == "rows" else height + space
    right = 0 if direction == "cols" else width + space
    n_rows, n_cols = grid.shape
    row, col = below(rng, max(1, n_rows - height + 1)), below(rng, max(1, n_cols - width + 1))
    if direction == "diagonal":
        row, col = 0, 0
    elif direction == "rows":
        col = below(rng, width + 1)
    else:
        row = below(rng, height + 1)
    for index in range(drawn(rng, n)):
        canvas.put(shape, row + index * down, col + index * right)
    return canvas.grid
