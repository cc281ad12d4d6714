"""Angles turn 1, cups turn 6 and all other line figures turn 2."""

from arc_solver.dsl import *


def task(grid):
    out = grid
    for obj in objects_on(grid, dominant_color(grid), diagonals=False):
        if obj.mask[1:-1, 1:-1].any():
            color = 2
        elif obj.size == obj.height + obj.width - 1:
            color = 1
        else:
            color = 6
        out = paint_object(out, recolor_object(obj, color))
    return out
