"""Every square gets a frame of 3, half as thick as it is wide, and casts a shadow of 1 down to the edge."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    squares = objects_on(grid, bg, diagonals=False)
    out = grid.copy()
    for obj in squares:
        out[obj.row :, obj.col : obj.right + 1] = 1
    for obj in squares:
        thick = obj.width // 2
        top, left = max(obj.row - thick, 0), max(obj.col - thick, 0)
        out[top : obj.bottom + thick + 1, left : obj.right + thick + 1] = 3
    return paint_objects(out, squares)
