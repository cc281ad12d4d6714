"""Counted from the right, every second column, the last one included, has its content in green."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    odd_column = position(grid, False, True) % 2 == 0
    return paint_cells(grid, odd_column & (grid != bg), 3)
