"""The insides of the frames become 3, everything else vanishes."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = canvas(*grid.shape, bg)
    for obj in objects_on(grid, bg, False):
        if is_frame(obj):
            out = fill_box(out, obj.row + 1, obj.col + 1, obj.bottom - 1, obj.right - 1, 3)
    return out
