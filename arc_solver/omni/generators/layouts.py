"""Builders that divide a scene: panels, tables of cells, mazes; frames and edges; a key in a corner.

Knows nothing of objects.

Shapes: R rows, C columns.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from arc_solver.omni.generators.canvas import background_of, below, check_sides, drawn, one_of, random_colors, shuffled
from arc_solver.omni.generators.registry import Color, Colors, Grid, Range, Share, Sides, builder
from arc_solver.omni.generators.shapes import random_shape

Content = Literal["cells", "shapes", "odd", "single", "alike"]


@builder
def panels(
    rng: np.random.Generator,
    down: Sides,
    across: Sides,
    rows: Sides,
    cols: Sides,
    line: Color,
    colors: Colors,
    content: Content = "cells",
    share: Share = 0.5,
    background: Color = 0,
    own_colors: bool = False,
) -> Grid:
    """Equal panels with lines between them.

    `cells`: random cells; `shapes`: a connected shape each; `odd`: all the same but one; `single`: only one has
    anything; `alike`: the same cells in each, in colours of its own. `own_colors`: one colour a panel, in order.
    """
    n_down, n_across, n_rows, n_cols = drawn(rng, down), drawn(rng, across), drawn(rng, rows), drawn(rng, cols)
    shape = (n_rows + 1) * n_down - 1, (n_cols + 1) * n_across - 1
    # Before a thousand panels are filled for nothing.
    check_sides(*shape)
    grid = np.full(shape, background, dtype=np.int8)
    grid[n_rows :: n_rows + 1] = line
    grid[:, n_cols :: n_cols + 1] = line
    masks = _panel_masks(rng, n_down * n_across, n_rows, n_cols, content, share)
    for index, mask in enumerate(masks):
        row, col = index // n_across * (n_rows + 1), index % n_across * (n_cols + 1)
        if own_colors or content == "alike":
            used = [colors[index % len(colors)] if own_colors else one_of(rng, colors)]
        else:
            used = colors
        np.copyto(grid[row : row + n_rows, col : col + n_cols], random_colors(rng, used, mask.shape), where=mask)
    return grid


def _panel_masks(
    rng: np.random.Generator, n: int, n_rows: int, n_cols: int, content: str, share: float
) -> list[NDArray[np.bool_]]:
    """Which cells of each panel are coloured."""
    if content == "shapes":
        masks = []
        for _ in range(n):
            mask = np.zeros((n_rows, n_cols), dtype=bool)
            shape = random_shape(rng, n_rows, n_cols, [1], share)
            height, width = shape.shape
            row, col = below(rng, n_rows - height + 1), below(rng, n_cols - width + 1)
            mask[row : row + height, col : col + width] = shape == 1
            masks.append(mask)
        return masks
    cells = rng.random((n, n_rows, n_cols)) < share
    if content in ("odd", "alike"):
        odd = cells[-1].copy()
        cells[:] = cells[0]
        if content == "odd":
            cells[below(rng, n)] = odd
    elif content == "single":
        kept = below(rng, n)
        cells[:kept] = cells[kept + 1 :] = False
    return list(cells)


@builder
def cell_table(
    rng: np.random.Generator,
    down: Sides,
    across: Sides,
    size: Sides,
    line: Color,
    colors: Colors,
    share: Share = 0.5,
    background: Color = 0,
    framed: bool = False,
) -> Grid:
    """A lattice of lines around square cells of `size`, some of them filled. `framed`: lines around the whole, too."""
    n_down, n_across, side = drawn(rng, down), drawn(rng, across), drawn(rng, size)
    filled = rng.random((n_down, n_across)) < share
    table = np.where(filled, random_colors(rng, colors, filled.shape), np.int8(background))
    spread = table.repeat(side + 1, axis=0).repeat(side + 1, axis=1)
    grid = np.full((n_down * (side + 1) + 1, n_across * (side + 1) + 1), line, dtype=np.int8)
    grid[1:, 1:] = spread
    grid[:: side + 1] = line
    grid[:, :: side + 1] = line
    return grid if framed else grid[1:-1, 1:-1]


@builder
def maze(
    rng: np.random.Generator,
    rows: Sides,
    cols: Sides,
    wall: Color,
    background: Color = 0,
    openings: Share = 0.2,
    closed: Share = 0.1,
    square: bool = False,
) -> Grid:
    """Corridors one cell wide. `openings`: share of walls that are left out besides; `closed`: of doors walled up."""
    n_rows = drawn(rng, rows)
    n_cols = n_rows if square else drawn(rng, cols)
    grid = np.full((n_rows, n_cols), wall, dtype=np.int8)
    grid[1::2, 1::2] = background
    # From each cell a door leads up or to the left; some more are opened and some closed.
    ups, lefts = grid[2:-1:2, 1::2], grid[1::2, 2:-1:2]
    up = rng.random(grid[1::2, 1::2].shape) < 0.5
    for doors, is_door in ((ups, up[1:]), (lefts, ~up[:, 1:])):
        is_door = is_door[: doors.shape[0], : doors.shape[1]]
        chance = rng.random(is_door.shape)
        open_ = np.where(is_door, chance >= closed, chance < openings)
        doors[: is_door.shape[0], : is_door.shape[1]][open_] = background
    return grid


@builder
def frame(rng: np.random.Generator, grid: Grid, color: Color, thickness: Sides = 1) -> Grid:
    """A frame painted over the edges of the scene."""
    made = grid.copy()
    width = min(drawn(rng, thickness), (min(grid.shape) + 1) // 2)
    made[:width] = made[-width:] = color
    made[:, :width] = made[:, -width:] = color
    return made


@builder
def colored_edges(
    rng: np.random.Generator,
    grid: Grid,
    colors: Colors,
    sides: Literal["all", "left_right", "top_bottom", "one"] = "all",
) -> Grid:
    """Edges of the scene in colours of their own; where there are enough colours, all different."""
    made = grid.copy()
    order = shuffled(rng, colors) * 4
    edges = {"all": (0, 1, 2, 3), "left_right": (0, 1), "top_bottom": (2, 3), "one": (below(rng, 4),)}[sides]
    for index, edge in enumerate(edges):
        (made[:, 0], made[:, -1], made[0], made[-1])[edge][:] = order[index]
    return made


@builder
def corner_marks(rng: np.random.Generator, grid: Grid, colors: Colors, inset: Range = 0) -> Grid:
    """Four cells that are the corners of a rectangle, `inset` cells from the edges."""
    made = grid.copy()
    space = min(drawn(rng, inset), (min(grid.shape) - 1) // 2)
    order = shuffled(rng, colors) * 4
    for index, (row, col) in enumerate(
        ((space, space), (space, -1 - space), (-1 - space, space), (-1 - space, -1 - space))
    ):
        made[row, col] = order[index]
    return made


@builder
def color_key(
    rng: np.random.Generator,
    grid: Grid,
    n: Range,
    colors: Colors,
    corner: Literal["top_left", "top_right", "bottom_left", "bottom_right"] = "top_left",
    pairs: bool = True,
) -> Grid:
    """A table of different colours in a corner, with free cells around: `n` rows of two (one, if not `pairs`)."""
    made = grid.copy()
    across = 2 if pairs else 1
    order = shuffled(rng, colors)
    n_key = max(1, min(drawn(rng, n), len(order) // across, len(made)))
    scene = made[::-1] if corner.startswith("bottom") else made
    scene = scene[:, ::-1] if corner.endswith("right") else scene
    scene[: n_key + 1, : across + 1] = background_of(grid)
    key = np.array((order * across)[: n_key * across], dtype=np.int8).reshape(n_key, across)
    part = scene[:n_key, :across]
    part[:] = key[:, : part.shape[1]]
    return made
