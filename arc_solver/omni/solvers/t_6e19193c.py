"""From the missing corner of every L of three cells a diagonal ray leaves, away from the L."""

from arc_solver.dsl import *


def task(grid):
    out = grid
    for obj in objects_on(grid, dominant_color(grid), diagonals=False):
        if (obj.height, obj.width, obj.size) == (2, 2, 3):
            row, col = np.argwhere(~obj.mask)[0]
            out = draw_ray(out, obj.row + row, obj.col + col, 2 * row - 1, 2 * col - 1, obj.color)
    return out
