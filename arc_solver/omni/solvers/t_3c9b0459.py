"""Turn the grid by half a turn."""

from arc_solver.dsl import *


def task(grid):
    return rotate_180(grid)
