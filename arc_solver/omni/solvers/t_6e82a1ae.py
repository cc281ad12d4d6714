"""Color the groups by size: four cells blue, three red, two green."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    for obj in objects_on(grid, bg, diagonals=False):
        out = paint_object(out, recolor_object(obj, 5 - obj.size))
    return out
