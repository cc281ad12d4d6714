"""Single cells, with no colored neighbor beside, above or below, become 1."""

from arc_solver.dsl import *


def task(grid):
    lonely = (grid != background_color(grid)) & (neighbors_filled(grid, False) == 0)
    return paint_cells(grid, lonely, 1)
