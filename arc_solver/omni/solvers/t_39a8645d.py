"""Cut out the shape that occurs most often."""

from arc_solver.dsl import *


def task(grid):
    return most_common_object(objects_on(grid, dominant_color(grid))).grid
