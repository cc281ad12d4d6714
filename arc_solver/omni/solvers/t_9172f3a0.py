"""Every cell is enlarged to a block of three by three."""

from arc_solver.dsl import *


def task(grid):
    return upscale(grid, 3)
