"""Cells that are filled in exactly one of the two halves beside the separator line become 3."""

from arc_solver.dsl import *


def task(grid):
    first, second = halves(grid)
    return np.where((first == 0) != (second == 0), 3, 0)
