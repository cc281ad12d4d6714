"""Every row and column of a single color from end to end turns red."""

from arc_solver.dsl import *


def task(grid):
    line = separator_color(grid)
    out = grid.copy()
    out[lines_of(grid, line, vertical=False)] = 2
    out[:, lines_of(grid, line, vertical=True)] = 2
    return out
