"""The grid is one panel twice, side by side or stacked: keep one."""

from arc_solver.dsl import *


def task(grid):
    if np.array_equal(left_half(grid), right_half(grid)) and width(grid) % 2 == 0:
        return left_half(grid)
    return top_half(grid)
