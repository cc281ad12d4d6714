"""Leaning boxes are set upright by a cell: all but the last row moves right, up to the right edge."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = canvas(height(grid), width(grid), bg)
    for obj in objects_on(grid, bg):
        for row, col in obj.cells:
            out[row, col if row == obj.bottom else min(col + 1, obj.right)] = obj.color
    return out
