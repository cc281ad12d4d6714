"""The colors of the objects are listed from top to bottom, the largest object first."""

from arc_solver.dsl import *


def task(grid):
    objects = objects_on(grid, dominant_color(grid))
    by_size = reversed(sort_by_size(objects))
    return vstack_all([canvas(1, 1, obj.color) for obj in by_size])
