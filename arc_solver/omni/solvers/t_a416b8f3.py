"""Put a second copy of the grid beside it."""

from arc_solver.dsl import *


def task(grid):
    return hstack(grid, grid)
