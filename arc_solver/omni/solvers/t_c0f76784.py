"""The insides of the square frames are filled: 6 for a side of one cell, 7 for two, 8 for three."""

from arc_solver.dsl import *


def task(grid):
    out = grid.copy()
    for obj in objects_on(grid, dominant_color(grid)):
        if is_frame(obj):
            out = fill_box(out, obj.row + 1, obj.col + 1, obj.bottom - 1, obj.right - 1, 3 + obj.height)
    return out
