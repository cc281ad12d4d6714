"""The dot sends up every second column to its right; gray dots between them alternate top and bottom."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    (dot,) = objects_on(grid, bg)
    out, last = grid.copy(), height(grid) - 1
    for col in range(dot.col, width(grid)):
        step = col - dot.col
        if step % 2 == 0:
            out[:, col] = dot.color
        else:
            out[0 if step % 4 == 1 else last, col] = 5
    return out
