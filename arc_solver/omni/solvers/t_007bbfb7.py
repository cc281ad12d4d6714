"""Every filled cell becomes a copy of the whole grid, every empty cell an empty block."""

from arc_solver.dsl import *


def task(grid):
    return self_fractal(grid)
