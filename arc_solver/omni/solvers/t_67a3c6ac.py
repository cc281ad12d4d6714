"""The grid is mirrored left to right."""

from arc_solver.dsl import *


def task(grid):
    return flip_horizontal(grid)
