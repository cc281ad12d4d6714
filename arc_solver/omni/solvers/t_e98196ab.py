"""The two halves beside the separator line are laid on top of each other."""

from arc_solver.dsl import *


def task(grid):
    first, second = halves(grid)
    return paste_over(first, second, 0, 0, dominant_color(grid))
