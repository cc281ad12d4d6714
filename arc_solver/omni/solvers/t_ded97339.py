"""Cells that see each other along a row or column are joined by a line."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    return swap_colors(connect(swap_colors(grid, bg, 0)), bg, 0)
