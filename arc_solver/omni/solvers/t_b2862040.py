"""Turn the shapes that enclose a hole light blue."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    holed = objects_with_holes(objects_on(grid, bg))
    return paint_objects(grid, recolor_objects(holed, 8))
