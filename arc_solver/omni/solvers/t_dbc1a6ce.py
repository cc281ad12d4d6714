"""Connect the points that lie in one row or column with lines of 8."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    return swap_colors(connect_with(swap_colors(grid, bg, 0), 8), bg, 0)
