"""Turn the grid a quarter turn to the left."""

from arc_solver.dsl import *


def task(grid):
    return rotate_270(grid)
