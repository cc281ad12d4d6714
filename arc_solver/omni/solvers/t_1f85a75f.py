"""The largest shape is cut out of the noise."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    return object_grid(largest_object(objects_on(grid, bg)))
