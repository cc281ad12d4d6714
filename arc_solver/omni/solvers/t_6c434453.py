"""Every frame turns into a cross of 2 of the same height and width."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid
    for obj in objects_on(grid, bg, diagonals=False):
        if is_frame(obj):
            row, col = obj.center
            out = erase_object(out, obj, bg)
            out = draw_line(out, row, obj.col, row, obj.right, 2)
            out = draw_line(out, obj.row, col, obj.bottom, col, 2)
    return out
