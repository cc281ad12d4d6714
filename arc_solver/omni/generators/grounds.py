"""Builders that a scene begins with: blank ground, random cells, stripes, tiles, rings, symmetric patterns.

Knows nothing of objects.

Shapes: R rows, C columns.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from arc_solver.omni.generators.canvas import (
    color_sequence,
    drawn,
    drawn_sides,
    made_symmetric,
    random_colors,
)
from arc_solver.omni.generators.registry import Color, Colors, Grid, Range, Share, Sides, builder

Direction = Literal["rows", "cols", "diagonal", "antidiagonal"]
Symmetry = Literal["mirror", "flip", "both", "half_turn", "transpose", "quarter_turn", "full"]

SQUARE_SYMMETRIES = ("transpose", "quarter_turn", "full")
"""Those that only a square can have."""


@builder
def blank(rng: np.random.Generator, rows: Sides, cols: Sides, background: Color = 0, square: bool = False) -> Grid:
    """A grid of one colour. `square`: as many columns as rows."""
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
    mask = rng.random(shape) < share
    if not mask.any():
        mask.flat[int(rng.random() * mask.size)] = True
    return np.where(mask, random_colors(rng, colors, shape), np.int8(background))


@builder
def stripes(
    rng: np.random.Generator,
    rows: Sides,
    cols: Sides,
    colors: Colors,
    period: Sides = (2, 3),
    thickness: Sides = 1,
    direction: Direction = "rows",
    square: bool = False,
) -> Grid:
    """Stripes whose colours repeat after `period` of them."""
    n_rows, n_cols = drawn_sides(rng, rows, cols, square)
    down, right = np.arange(n_rows)[:, None], np.arange(n_cols)[None, :]
    along = {
        "rows": down + 0 * right,
        "cols": right + 0 * down,
        "diagonal": right - down + n_rows - 1,
        "antidiagonal": down + right,
    }[direction]
    sequence = np.array(color_sequence(rng, colors, drawn(rng, period)), dtype=np.int8)
    striped: Grid = sequence[along // drawn(rng, thickness) % len(sequence)]
    return striped


@builder
def tiled(
    rng: np.random.Generator,
    rows: Sides,
    cols: Sides,
    colors: Colors,
    tile_rows: Sides = (2, 4),
    tile_cols: Sides = (2, 4),
    shift: Range = 0,
    square: bool = False,
) -> Grid:
    """One small random tile, again and again; each row of tiles is shifted by `shift` columns more."""
    n_rows, n_cols = drawn_sides(rng, rows, cols, square)
    height, width = drawn_sides(rng, tile_rows, tile_cols)
    tile = random_colors(rng, colors, (height, width))
    down, right = np.arange(n_rows)[:, None], np.arange(n_cols)[None, :]
    grid: Grid = tile[down % height, (right + drawn(rng, shift) * (down // height)) % width]
    return grid


@builder
def rings(
    rng: np.random.Generator, rows: Sides, cols: Sides, colors: Colors, thickness: Sides = 1, square: bool = False
) -> Grid:
    """Rings around the middle, neighbours in different colours."""
    n_rows, n_cols = drawn_sides(rng, rows, cols, square)
    down, right = np.arange(n_rows), np.arange(n_cols)
    from_edge = np.minimum.outer(np.minimum(down, down[::-1]), np.minimum(right, right[::-1]))
    ring = from_edge // drawn(rng, thickness)
    grid: Grid = np.array(color_sequence(rng, colors, int(ring.max()) + 1), dtype=np.int8)[ring]
    return grid


@builder
def symmetric_pattern(
    rng: np.random.Generator,
    rows: Sides,
    cols: Sides,
    colors: Colors,
    symmetry: Symmetry = "both",
    share: Share = 0.6,
    background: Color = 0,
    square: bool = False,
) -> Grid:
    """Random cells that are symmetric; a square where the symmetry needs one."""
    is_square = square or symmetry in SQUARE_SYMMETRIES
    cells = random_cells(rng, rows, cols, colors, share=share, background=background, square=is_square)
    return made_symmetric(cells, symmetry)


@builder
def bands(
    rng: np.random.Generator,
    rows: Sides,
    cols: Sides,
    colors: Colors,
    length: Sides = (1, 4),
    direction: Literal["rows", "cols"] = "rows",
    square: bool = False,
) -> Grid:
    """Bands of random thickness, neighbours in different colours."""
    n_rows, n_cols = drawn_sides(rng, rows, cols, square)
    n = n_rows if direction == "rows" else n_cols
    cells: list[int] = []
    for color in color_sequence(rng, colors, n):
        cells += [color] * drawn(rng, length)
    band = np.array(cells[:n], dtype=np.int8)
    return np.ascontiguousarray(np.broadcast_to(band[:, None] if direction == "rows" else band, (n_rows, n_cols)))
