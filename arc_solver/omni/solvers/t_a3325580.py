"""One column for each of the largest objects, from left to right, in its color, as tall as it has cells."""

from arc_solver.dsl import *


def task(grid):
    objects = sort_by_column(objects_on(grid, dominant_color(grid)))
    most = max(obj.size for obj in objects)
    return hstack_all([canvas(most, 1, obj.color) for obj in objects if obj.size == most])
