"""The odd colors among the equal blocks are listed from top to bottom, the most frequent first."""

from arc_solver.dsl import *


def task(grid):
    return vstack_all([canvas(1, 1, color) for color in colors_by_count(grid)[2:]])
