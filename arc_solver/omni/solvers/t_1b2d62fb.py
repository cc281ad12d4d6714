"""Cells that are empty in both halves beside the separator line become 8."""

from arc_solver.dsl import *


def task(grid):
    middle = width(grid) // 2
    if width(grid) % 2 and len(set(grid[:, middle].tolist())) == 1 and grid[0, middle] != 0:
        first, second = left_half(grid), right_half(grid)
    else:
        first, second = top_half(grid), bottom_half(grid)
    return np.where((first == 0) & (second == 0), 8, 0)
