"""The four scattered cells come together in the square, each in the corner that it lies towards."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    objects = objects_on(grid, bg)
    square = max(objects, key=lambda obj: obj.size)
    out = canvas(height(grid), width(grid), bg)
    for obj in objects:
        if obj.size == 1:
            row = square.row if obj.row <= square.row else square.bottom
            col = square.col if obj.col <= square.col else square.right
            out[row, col] = obj.color
    return out
