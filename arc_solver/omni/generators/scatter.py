"""Builders that scatter objects over a scene, apart from one another; what finds no room is left out.

Knows nothing of programs.
"""

from __future__ import annotations

import numpy as np

from arc_solver.omni.generators.canvas import Canvas, drawn, one_of
from arc_solver.omni.generators.registry import Colors, Grid, Range, Sides, builder


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
    canvas = Canvas(grid)
    space = drawn(rng, gap)
    for _ in range(drawn(rng, n)):
        shape = np.full((drawn(rng, height), drawn(rng, width)), one_of(rng, colors), dtype=np.int8)
        canvas.place(rng, shape, space)
    return canvas.grid
