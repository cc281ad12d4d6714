"""Colors 5 and 8 change places."""

from arc_solver.dsl import *


def task(grid):
    return swap_colors(grid, 5, 8)
