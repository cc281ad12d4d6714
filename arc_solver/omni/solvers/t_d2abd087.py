"""Objects of six cells become 2, all others 1."""

from arc_solver.dsl import *


def task(grid):
    out = grid.copy()
    for obj in objects_on(grid, dominant_color(grid), False):
        out = paint_object(out, recolor_object(obj, 2 if obj.size == 6 else 1))
    return out
