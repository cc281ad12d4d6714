"""The empty cells in the bounding box of every shape become 7."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    for obj in objects_on(grid, bg):
        box = out[obj.row : obj.bottom + 1, obj.col : obj.right + 1]
        box[box == bg] = 7
    return out
