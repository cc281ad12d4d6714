"""Every rectangle is filled with 2 and gets a rim of 4 with corners of 1."""

from arc_solver.dsl import *


def task(grid):
    bg = next(region for region in color_regions(grid) if not is_rectangle(region)).color
    out = grid.copy()
    for obj in objects_on(grid, bg, False):
        out = fill_box(out, obj.row, obj.col, obj.bottom, obj.right, 2)
        out = draw_box(out, obj.row, obj.col, obj.bottom, obj.right, 4)
        for row in (obj.row, obj.bottom):
            for col in (obj.col, obj.right):
                out[row, col] = 1
    return out
