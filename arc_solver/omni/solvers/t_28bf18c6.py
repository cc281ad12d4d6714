"""The pattern is cut out and put twice side by side."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    pattern = crop_object(grid, object_from_cells(grid, grid != bg))
    return hstack(pattern, pattern)
