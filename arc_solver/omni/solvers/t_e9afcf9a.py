"""Turn every second column upside down."""

from arc_solver.dsl import *


def task(grid):
    out = grid.copy()
    out[:, 1::2] = flip_vertical(grid)[:, 1::2]
    return out
