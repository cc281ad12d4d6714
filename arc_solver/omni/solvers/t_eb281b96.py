"""Mirror the picture downwards three times, sharing the rows where the copies meet."""

from arc_solver.dsl import *


def task(grid):
    upside_down = flip_vertical(grid)
    return vstack_all([grid, upside_down[1:], grid[1:], upside_down[1:]])
