"""Color 7 turns into color 5."""

from arc_solver.dsl import *


def task(grid):
    return replace_color(grid, 7, 5)
