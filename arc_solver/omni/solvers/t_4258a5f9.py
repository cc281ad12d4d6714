"""Draw a blue ring around every dot."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    return paint_cells(grid, grow_cells(grid != bg) & (grid == bg), 1)
