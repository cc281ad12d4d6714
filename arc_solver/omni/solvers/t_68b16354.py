"""Turn the grid upside down."""

from arc_solver.dsl import *


def task(grid):
    return flip_vertical(grid)
