"""Every area that is closed in becomes 4."""

from arc_solver.dsl import *


def task(grid):
    bg, wall = colors_by_count(grid)
    return paint_cells(grid, enclosed_cells(grid, wall) & (grid == bg), 4)
