"""Turn groups of at least two cells light blue."""

from arc_solver.dsl import *


def task(grid):
    out = grid.copy()
    for obj in objects_on(grid, 0, False):
        if obj.size >= 2:
            out = paint_object(out, recolor_object(obj, 8))
    return out
