"""Lay the two halves beside the middle line on each other: 2 where both have content."""

from arc_solver.dsl import *


def task(grid):
    middle = grid[:, width(grid) // 2]
    upright = (middle == middle[0]).all() and count_cells(grid, middle[0]) == len(middle)
    if upright:
        return logical_and(left_half(grid), right_half(grid), 2)
    return logical_and(top_half(grid), bottom_half(grid), 2)
