"""Every cell of color 6 becomes color 2."""

from arc_solver.dsl import *


def task(grid):
    return replace_color(grid, 6, 2)
