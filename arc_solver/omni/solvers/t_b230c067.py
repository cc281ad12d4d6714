"""Color the object that differs from the others red, the others blue."""

from arc_solver.dsl import *


def task(grid):
    objects = objects_on(grid, dominant_color(grid))
    out = paint_objects(grid, recolor_objects(objects, 1))
    return paint_object(out, recolor_object(odd_object_out(objects), 2))
