"""Each marker vanishes and puts four colors on its diagonal neighbors: 3, 6, 8 and 7 in reading order."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = canvas(height(grid), width(grid), bg)
    for obj in objects_on(grid, bg, diagonals=False):
        for d_row, d_col, color in ((-1, -1, 3), (-1, 1, 6), (1, -1, 8), (1, 1, 7)):
            cell = canvas(1, 1, color)
            out = paste(out, cell, obj.row + d_row, obj.col + d_col)
    return out
