"""The one object that is its own left-right mirror image."""

from arc_solver.dsl import *


def task(grid):
    for obj in objects_on(grid, dominant_color(grid)):
        if is_mirrored(obj, vertical=False):
            return obj.grid
