"""Move everything one row down and color it 2."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = canvas(*grid.shape, bg)
    return paint_cells(out, shift((grid != bg).astype(int), 1, 0) == 1, 2)
