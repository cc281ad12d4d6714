"""Two squares that touch at a corner get two such squares of 8 at the ends of the other diagonal."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    for obj in objects_on(grid, bg):
        size = obj.height // 2
        square = canvas(size, size, 8)
        left, right = obj.col - size, obj.right + 1
        if not obj.mask[0, 0]:
            left, right = right, left
        out = paste(out, square, obj.row - size, right)
        out = paste(out, square, obj.bottom + 1, left)
    return out
