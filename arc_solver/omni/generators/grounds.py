"""Builders that a scene begins with: blank ground, random cells.

Knows nothing of objects.

Shapes: R rows, C columns.
"""

from __future__ import annotations

import numpy as np

from arc_solver.omni.generators.canvas import drawn_sides, random_colors
from arc_solver.omni.generators.registry import Color, Colors, Grid, Share, Sides, builder


@builder
def blank(rng: np.random.Generator, rows: Sides, cols: Sides, background: Color = 0, square: bool = False) -> Grid:
    """A grid of one colour; `square`: as many columns as rows."""
    return np.full(drawn_sides(rng, rows, cols, square), background, dtype=np.int8)


@builder
def random_cells(
    rng: np.random.Generator,
    rows: Sides,
    cols: Sides,
    colors: Colors,
    share: Share = 0.5,
    background: Color = 0,
    square: bool = False,
) -> Grid:
    """Each cell is coloured with probability `share`; never quite blank."""
    shape = drawn_sides(rng, rows, cols, square)
    cells = random_colors(rng, colors, shape)
    mask = rng.random(shape) < share
    if not mask.any():
        mask.flat[int(rng.random() * mask.size)] = True
    return np.where(mask, cells, np.int8(background))


@builder
def add_noise(rng: np.random.Generator, grid: Grid, share: Share, colors: Colors) -> Grid:
    """Each cell takes one of the colours with probability `share`."""
    return np.where(rng.random(grid.shape) < share, random_colors(rng, colors, grid.shape), grid)
