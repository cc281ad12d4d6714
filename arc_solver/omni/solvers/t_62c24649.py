"""The grid is unfolded to the right and downwards, each time with its mirror image."""

from arc_solver.dsl import *


def task(grid):
    return mirror_down(mirror_right(grid))
