"""Cut out the only object."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    return object_grid(largest_object(objects_on(grid, bg)))
