"""Only the one cell whose color occurs once remains, with a ring of 2 around it."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    rare = min(colors_by_count(grid), key=lambda color: count_cells(grid, color))
    obj = object_from_cells(grid, grid == rare)
    out = canvas(*grid.shape, bg)
    return paint_object(surround(out, obj, 2), obj)
