"""Join dots of one row or column by green lines."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    return swap_colors(connect_with(swap_colors(grid, bg, 0), 3), bg, 0)
