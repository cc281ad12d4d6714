"""Give every figure a green ring and fill its holes in yellow."""

from arc_solver.dsl import *


def task(grid):
    out = grid.copy()
    for obj in objects_on(grid, dominant_color(grid)):
        out = surround(out, obj, 3)
        out = fill_box(out, obj.row, obj.col, obj.bottom, obj.right, 4)
        out = paint_object(out, obj)
    return out
