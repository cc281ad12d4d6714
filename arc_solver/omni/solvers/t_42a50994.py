"""Erase the cells that touch no other, not even at a corner."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    for obj in objects_of_size(objects_on(grid, bg, multicolor=True), 1):
        out = erase_object(out, obj, bg)
    return out
