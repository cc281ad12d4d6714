"""The grid is framed with a copy of its own edge cells, and the four corners stay black."""

from arc_solver.dsl import *


def task(grid):
    out = np.pad(grid, 1, mode="edge")
    for row in (0, -1):
        for col in (0, -1):
            out[row, col] = 0
    return out
