"""Every dot becomes a blue square of 3 x 3."""

from arc_solver.dsl import *


def task(grid):
    return paint_cells(grid, grow_cells(grid != dominant_color(grid)), 1)
