"""The two halves beside the separator line are laid on top of each other."""

from arc_solver.dsl import *


def task(grid):
    middle = height(grid) // 2
    bg = dominant_color(grid)
    if height(grid) % 2 and len(set(grid[middle].tolist())) == 1 and grid[middle, 0] != bg:
        return paste_over(top_half(grid), bottom_half(grid), 0, 0, bg)
    return paste_over(left_half(grid), right_half(grid), 0, 0, bg)
