"""Let the pattern go on to the right until the grid is twice as wide."""

from arc_solver.dsl import *


def task(grid):
    size = width(grid)
    period = next(p for p in range(1, size + 1) if np.array_equal(grid[:, p:], grid[:, : size - p]))
    return repeat_to(grid[:, :period], height(grid), 2 * size)
