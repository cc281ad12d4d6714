"""Color the pieces by size: one cell 3, two cells 2, three cells 1."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid
    for obj in objects_on(grid, bg, diagonals=False):
        out = paint_object(out, recolor_object(obj, 4 - obj.size))
    return out
