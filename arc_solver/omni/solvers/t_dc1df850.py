"""Every cell of color 2 gets a ring of 1 around it, on empty cells only."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    ring = grow_cells(grid == 2) & (grid == bg)
    return paint_cells(grid, ring, 1)
