"""The left third of a pattern that is repeated three times across."""

from arc_solver.dsl import *


def task(grid):
    return split_horizontally(grid, 3)[0]
