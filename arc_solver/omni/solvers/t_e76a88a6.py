"""Every plain shape is replaced by the colorful one of the same form."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    objects = objects_on(grid, bg, False, True)
    template = max(objects, key=lambda obj: len(obj.colors))
    return paint_objects(grid, [place_object(template, obj.row, obj.col) for obj in objects])
