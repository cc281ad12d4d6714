"""Builders that change a whole scene: noise, patches, damage, symmetry, repetition, size, two scenes side by side.

Knows nothing of what the scene shows.

Shapes: R rows, C columns.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from arc_solver.grids import MAX_SIDE
from arc_solver.omni.generators.canvas import (
    background_of,
    below,
    drawn,
    drawn_sides,
    made_symmetric,
    random_colors,
    turned,
)
from arc_solver.omni.generators.registry import Color, Colors, Grid, Range, Share, Sides, builder


@builder
def add_noise(rng: np.random.Generator, grid: Grid, share: Share, colors: Colors) -> Grid:
    """Each cell takes one of the colours with probability `share`."""
    return np.where(rng.random(grid.shape) < share, random_colors(rng, colors, grid.shape), grid)


@builder
def damage(rng: np.random.Generator, grid: Grid, share: Share) -> Grid:
    """Each cell becomes background with probability `share`."""
    return np.where(rng.random(grid.shape) < share, np.int8(background_of(grid)), grid)


@builder
def recolor_cells(rng: np.random.Generator, grid: Grid, n: Range, color: Color) -> Grid:
    """`n` cells that are not background take another colour."""
    made = grid.copy()
    content = np.flatnonzero(made != background_of(grid))
    made.flat[content[rng.permutation(len(content))[: drawn(rng, n)]]] = color
    return made


@builder
def hide_patch(
    rng: np.random.Generator, grid: Grid, n: Range, color: Color, height: Sides = (2, 5), width: Sides = (2, 5)
) -> Grid:
    """Rectangles of one colour cover parts of the scene; they may overlap."""
    made = grid.copy()
    n_rows, n_cols = grid.shape
    for _ in range(drawn(rng, n)):
        tall, wide = drawn_sides(rng, height, width)
        tall, wide = min(tall, n_rows), min(wide, n_cols)
        row, col = below(rng, n_rows - tall + 1), below(rng, n_cols - wide + 1)
        made[row : row + tall, col : col + wide] = color
    return made


@builder
def keep_part(
    rng: np.random.Generator,
    grid: Grid,
    n: Sides,
    side: Literal["top", "left", "corner"] = "left",
    background: Color = 0,
) -> Grid:
    """Only the first `n` rows or columns (`corner`: both) stay; the rest is blank, to be continued."""
    made = np.full_like(grid, background)
    kept = drawn(rng, n)
    rows = kept if side != "left" else MAX_SIDE
    cols = kept if side != "top" else MAX_SIDE
    made[:rows, :cols] = grid[:rows, :cols]
    return made


@builder
def mirrored(rng: np.random.Generator, grid: Grid, symmetry: Literal["mirror", "flip", "both", "half_turn"]) -> Grid:
    """The scene with its first half reflected (or turned) onto the other one."""
    return made_symmetric(grid, symmetry)


@builder
def turn_scene(rng: np.random.Generator, grid: Grid) -> Grid:
    """The scene in one of its eight orientations."""
    return turned(rng, grid)


@builder
def enlarged(rng: np.random.Generator, grid: Grid, factor: Sides) -> Grid:
    """Each cell becomes a square of `factor` cells a side, or fewer where the scene would grow too large."""
    times = min(drawn(rng, factor), max(1, MAX_SIDE // max(grid.shape)))
    return grid.repeat(times, axis=0).repeat(times, axis=1)


@builder
def repeated(rng: np.random.Generator, grid: Grid, down: Sides, across: Sides) -> Grid:
    """The scene several times below and beside itself, or fewer times where it would grow too large."""
    n_down, n_across = drawn_sides(rng, down, across)
    n_rows, n_cols = grid.shape
    return np.tile(grid, (min(n_down, MAX_SIDE // n_rows), min(n_across, MAX_SIDE // n_cols)))


@builder
def padded(rng: np.random.Generator, grid: Grid, margin: Range, background: Color = 0) -> Grid:
    """The scene with free cells around it; at each side a margin of its own, less where it would grow too large."""
    spare_rows, spare_cols = MAX_SIDE - grid.shape[0], MAX_SIDE - grid.shape[1]
    top, left = min(drawn(rng, margin), spare_rows), min(drawn(rng, margin), spare_cols)
    bottom, right = min(drawn(rng, margin), spare_rows - top), min(drawn(rng, margin), spare_cols - left)
    return np.pad(grid, ((top, bottom), (left, right)), constant_values=background)


@builder
def joined(
    rng: np.random.Generator,
    grid: Grid,
    other: Grid,
    line: Color,
    direction: Literal["rows", "cols"] = "cols",
    swap: bool = False,
) -> Grid:
    """Two scenes side by side (`rows`: below each other) with a line between; what is too large is cut off.

    The smaller one gets cells of `grid`'s background; `swap`: either may come first.
    """
    first, second = (other, grid) if swap and rng.random() < 0.5 else (grid, other)
    if direction == "rows":
        first, second = first.T, second.T
    n_rows, background = max(len(first), len(second)), background_of(grid)
    blocks = []
    for scene in (first, second):
        block = np.full((n_rows, scene.shape[1]), background, dtype=np.int8)
        block[: len(scene)] = scene
        blocks.append(block)
    made = np.hstack([blocks[0], np.full((n_rows, 1), line, dtype=np.int8), blocks[1]])[:, :MAX_SIDE]
    return made.T if direction == "rows" else made
