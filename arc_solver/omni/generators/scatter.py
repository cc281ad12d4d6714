"""Builders that scatter objects over a scene, apart from one another; what finds no room is left out.

Knows nothing of programs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arc_solver.omni.generators.canvas import (
    Canvas,
    below,
    drawn,
    drawn_sides,
    grown_cells,
    one_of,
    random_colors,
    scattered,
    shape_of,
    shuffled,
)
from arc_solver.omni.generators.grounds import Symmetry
from arc_solver.omni.generators.registry import HOLE, Colors, Grid, Range, Share, Sides, builder
from arc_solver.omni.generators.shapes import Figure, box_shape, figure, random_shape, sprite, symmetric_shape


@builder
def scatter_dots(rng: np.random.Generator, grid: Grid, n: Range, colors: Colors, gap: Range = 1) -> Grid:
    """Single cells."""
    table = [np.full((1, 1), color, dtype=np.int8) for color in colors]
    return scattered(rng, grid, drawn(rng, n), drawn(rng, gap), lambda: one_of(rng, table))


@builder
def scatter_rectangles(
    rng: np.random.Generator,
    grid: Grid,
    n: Range,
    colors: Colors,
    height: Sides = (1, 4),
    width: Sides = (1, 4),
    gap: Range = 1,
) -> Grid:
    """Solid rectangles."""

    def make() -> NDArray[np.int8]:
        return np.full(drawn_sides(rng, height, width), one_of(rng, colors), dtype=np.int8)

    return scattered(rng, grid, drawn(rng, n), drawn(rng, gap), make)


@builder
def scatter_boxes(
    rng: np.random.Generator,
    grid: Grid,
    n: Range,
    colors: Colors,
    height: Sides = (3, 6),
    width: Sides = (3, 6),
    gap: Range = 1,
) -> Grid:
    """Boxes with walls one cell thick, empty inside."""

    def make() -> NDArray[np.int8]:
        shape = np.full(drawn_sides(rng, height, width), one_of(rng, colors), dtype=np.int8)
        shape[1:-1, 1:-1] = HOLE
        return shape

    return scattered(rng, grid, drawn(rng, n), drawn(rng, gap), make)


@builder
def scatter_filled_boxes(
    rng: np.random.Generator,
    grid: Grid,
    n: Range,
    colors: Colors,
    inside: Colors,
    height: Sides = (3, 6),
    width: Sides = (3, 6),
    gap: Range = 1,
) -> Grid:
    """Boxes that are filled with a colour of `inside`."""

    def make() -> NDArray[np.int8]:
        return box_shape(rng, height, width, colors, one_of(rng, inside))

    return scattered(rng, grid, drawn(rng, n), drawn(rng, gap), make)


@builder
def scatter_marked_boxes(
    rng: np.random.Generator,
    grid: Grid,
    n: Range,
    colors: Colors,
    marks: Colors,
    n_marks: Range = 1,
    height: Sides = (3, 6),
    width: Sides = (3, 6),
    solid: bool = False,
    gap: Range = 1,
) -> Grid:
    """Boxes with `n_marks` marked cells inside. `solid`: the marks lie on a filled rectangle."""

    def make() -> NDArray[np.int8]:
        shape = np.full(drawn_sides(rng, height, width), one_of(rng, colors), dtype=np.int8)
        inner = shape[1:-1, 1:-1]
        if not solid:
            inner[:] = HOLE
        for index in rng.permutation(inner.size).tolist()[: drawn(rng, n_marks)]:
            inner[index // inner.shape[1], index % inner.shape[1]] = one_of(rng, marks)
        return shape

    return scattered(rng, grid, drawn(rng, n), drawn(rng, gap), make)


@builder
def scatter_holed(
    rng: np.random.Generator,
    grid: Grid,
    n: Range,
    colors: Colors,
    holes: Range = (1, 3),
    height: Sides = (3, 6),
    width: Sides = (3, 6),
    gap: Range = 1,
) -> Grid:
    """Rectangles with single holes, none next to another or at the edge."""

    def make() -> NDArray[np.int8]:
        shape = np.full(drawn_sides(rng, height, width), one_of(rng, colors), dtype=np.int8)
        # Cells with even inner coordinates never touch, not even at a corner.
        spots = [(row, col) for row in range(1, len(shape) - 1, 2) for col in range(1, shape.shape[1] - 1, 2)]
        for row, col in shuffled(rng, spots)[: drawn(rng, holes)]:
            shape[row, col] = HOLE
        return shape

    return scattered(rng, grid, drawn(rng, n), drawn(rng, gap), make)


@builder
def scatter_blobs(
    rng: np.random.Generator,
    grid: Grid,
    n: Range,
    colors: Colors,
    height: Sides = (2, 4),
    width: Sides = (2, 4),
    share: Share = 0.7,
    diagonals: bool = False,
    gap: Range = 1,
) -> Grid:
    """Random connected shapes of one colour each."""

    def make() -> NDArray[np.int8]:
        return random_shape(rng, height, width, colors, share, diagonals)

    return scattered(rng, grid, drawn(rng, n), drawn(rng, gap), make)


@builder
def scatter_sprites(
    rng: np.random.Generator,
    grid: Grid,
    n: Range,
    colors: Colors,
    height: Sides = (2, 4),
    width: Sides = (2, 4),
    share: Share = 0.8,
    gap: Range = 1,
) -> Grid:
    """Random shapes whose cells have several colours."""

    def make() -> NDArray[np.int8]:
        return sprite(rng, height, width, colors, share)

    return scattered(rng, grid, drawn(rng, n), drawn(rng, gap), make)


@builder
def scatter_figures(
    rng: np.random.Generator, grid: Grid, n: Range, kind: Figure, colors: Colors, size: Sides = 3, gap: Range = 1
) -> Grid:
    """Well-known figures, turned at random."""
    return scattered(rng, grid, drawn(rng, n), drawn(rng, gap), lambda: figure(rng, kind, size, colors))


@builder
def scatter_symmetric(
    rng: np.random.Generator,
    grid: Grid,
    n: Range,
    colors: Colors,
    symmetry: Symmetry = "mirror",
    size: Sides = (3, 5),
    multicolor: bool = False,
    gap: Range = 1,
) -> Grid:
    """Symmetric shapes, each of one colour unless `multicolor`."""

    def make() -> NDArray[np.int8]:
        used = colors if multicolor else [one_of(rng, colors)]
        return symmetric_shape(rng, size, size, used, symmetry)

    return scattered(rng, grid, drawn(rng, n), drawn(rng, gap), make)


@builder
def scatter_enclosures(
    rng: np.random.Generator,
    grid: Grid,
    n: Range,
    colors: Colors,
    size: Sides = (1, 4),
    openings: Range = 0,
    gap: Range = 1,
) -> Grid:
    """Irregular outlines around `size` x `size` room, each with `openings` cells missing."""

    def make() -> NDArray[np.int8]:
        n_rows, n_cols = drawn_sides(rng, size, size)
        room = shape_of(grown_cells(rng, n_rows, n_cols, max(1, round(0.7 * n_rows * n_cols))), 1)
        shape = np.full((room.shape[0] + 2, room.shape[1] + 2), HOLE, dtype=np.int8)
        color = one_of(rng, colors)
        for row, col in np.argwhere(room == 1).tolist():
            shape[row : row + 3, col : col + 3] = color
        shape[1:-1, 1:-1][room == 1] = HOLE
        walls = np.argwhere(shape == color)
        for row, col in walls[rng.permutation(len(walls))[: drawn(rng, openings)]].tolist():
            shape[row, col] = HOLE
        return shape

    return scattered(rng, grid, drawn(rng, n), drawn(rng, gap), make)


@builder
def attach_to_border(
    rng: np.random.Generator,
    grid: Grid,
    n: Range,
    colors: Colors,
    height: Sides = (1, 4),
    width: Sides = (1, 4),
    gap: Range = 1,
) -> Grid:
    """Solid rectangles that touch an edge of the scene."""
    canvas = Canvas(grid)
    n_rows, n_cols = grid.shape
    space = drawn(rng, gap)
    for _ in range(drawn(rng, n)):
        tall, wide = drawn_sides(rng, height, width)
        tall, wide = min(tall, n_rows), min(wide, n_cols)
        row, col = below(rng, n_rows - tall + 1), below(rng, n_cols - wide + 1)
        row, col = [(0, col), (n_rows - tall, col), (row, 0), (row, n_cols - wide)][below(rng, 4)]
        if canvas.is_free(row, col, tall, wide, space):
            canvas.put(random_colors(rng, [one_of(rng, colors)], (tall, wide)), row, col)
    return canvas.grid
