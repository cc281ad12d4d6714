"""Two cells of a color are the corners of a box that is filled with it."""

from arc_solver.dsl import *


def task(grid):
    out = grid.copy()
    for color in colors_by_count(grid)[1:]:
        box = color_object(grid, color)
        out = fill_box(out, box.row, box.col, box.bottom, box.right, color)
    return out
