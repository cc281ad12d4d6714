"""Closed frames turn green."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    closed = [obj for obj in objects_on(grid, bg, False) if is_frame(obj)]
    return paint_objects(grid, recolor_objects(closed, 3))
