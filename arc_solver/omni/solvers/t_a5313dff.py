"""Fill with 1 the background that is walled off from the edge."""

from arc_solver.dsl import *


def task(grid):
    bg, wall = colors_by_count(grid)
    return paint_cells(grid, enclosed_cells(grid, wall) & (grid == bg), 1)
