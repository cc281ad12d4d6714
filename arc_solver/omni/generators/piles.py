"""Builders of things that stand on a side of the scene or would fall there: bars, piles.

Knows nothing of objects.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from arc_solver.omni.generators.canvas import below, color_sequence, drawn, one_of, random_colors
from arc_solver.omni.generators.registry import Color, Colors, Grid, Range, Share, Sides, builder

Side = Literal["bottom", "top", "left", "right"]


@builder
def bars(
    rng: np.random.Generator,
    grid: Grid,
    n: Range,
    colors: Colors,
    height: Sides = (1, 8),
    thickness: Sides = 1,
    spacing: Range = 1,
    side: Side = "bottom",
    order: Literal["random", "growing", "shrinking"] = "random",
) -> Grid:
    """Bars that stand on one side, as in a histogram."""
    made = grid.copy()
    scene = _standing(made, side)
    wide, space = drawn(rng, thickness), drawn(rng, spacing)
    heights = [drawn(rng, height) for _ in range(drawn(rng, n))]
    if order != "random":
        heights.sort(reverse=order == "shrinking")
    spare = scene.shape[1] - (wide + space) * len(heights) + space
    col = below(rng, spare + 1) if spare > 0 else 0
    for tall in heights:
        scene[max(0, len(scene) - tall) :, col : col + wide] = one_of(rng, colors)
        col += wide + space
    return made


@builder
def pile(rng: np.random.Generator, grid: Grid, colors: Colors, height: Range = (0, 4), side: Side = "bottom") -> Grid:
    """Each column holds a stack of cells of random colours."""
    made = grid.copy()
    scene = _standing(made, side)
    n_rows, n_cols = scene.shape
    heights = [drawn(rng, height) for _ in range(n_cols)]
    mask = np.arange(n_rows)[::-1, None] < np.array(heights)
    np.copyto(scene, random_colors(rng, colors, (n_rows, n_cols)), where=mask)
    return made


@builder
def floor(
    rng: np.random.Generator, grid: Grid, color: Color, thickness: Sides = 1, gaps: Share = 0.0, side: Side = "bottom"
) -> Grid:
    """A strip along one side, each of its columns missing with probability `gaps`."""
    made = grid.copy()
    scene = _standing(made, side)
    strip = scene[-drawn(rng, thickness) :]
    strip[:, rng.random(strip.shape[1]) >= gaps] = color
    return made


@builder
def row_of_colors(
    rng: np.random.Generator, grid: Grid, colors: Colors, n: Range, side: Side = "top", spacing: Range = 0
) -> Grid:
    """Cells along one side from its corner on, neighbours in different colours."""
    made = grid.copy()
    strip = _standing(made, side)[-1]
    step = drawn(rng, spacing) + 1
    places = strip[::step][: drawn(rng, n)]
    places[:] = color_sequence(rng, colors, len(places))
    return made


def _standing(grid: NDArray[np.int8], side: str) -> NDArray[np.int8]:
    """A view of the grid in which `side` is the bottom."""
    return {"bottom": grid, "top": grid[::-1], "left": grid.T[::-1], "right": grid.T}[side]
