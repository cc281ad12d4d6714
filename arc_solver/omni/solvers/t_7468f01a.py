"""The rectangle is cut out and mirrored left to right."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    return flip_horizontal(crop_object(grid, object_from_cells(grid, grid != bg)))
