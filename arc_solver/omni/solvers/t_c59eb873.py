"""Every cell becomes a block of 2 x 2 cells."""

from arc_solver.dsl import *


def task(grid):
    return upscale(grid, 2)
