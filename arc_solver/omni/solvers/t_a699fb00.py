"""A cell between two colored cells of a row becomes 2."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    left, right = neighbor(grid, 0, -1), neighbor(grid, 0, 1)
    return paint_cells(grid, (grid == bg) & (left == right) & (left != bg), 2)
