"""Around every square the four cells that touch its corners become 1, 2, 3 and 4."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    for obj in objects_on(grid, bg, False):
        out = paste(out, canvas(1, 1, 1), obj.row - 1, obj.col - 1)
        out = paste(out, canvas(1, 1, 2), obj.row - 1, obj.right + 1)
        out = paste(out, canvas(1, 1, 3), obj.bottom + 1, obj.col - 1)
        out = paste(out, canvas(1, 1, 4), obj.bottom + 1, obj.right + 1)
    return out
