"""The grid with its mirror image below."""

from arc_solver.dsl import *


def task(grid):
    return mirror_down(grid)
