"""The mirror image of the grid is put below it."""

from arc_solver.dsl import *


def task(grid):
    return mirror_down(grid)
