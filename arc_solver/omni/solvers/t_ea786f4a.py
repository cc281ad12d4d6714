"""The cell in the middle sends its color out along both diagonals."""

from arc_solver.dsl import *


def task(grid):
    row, col = height(grid) // 2, width(grid) // 2
    out = grid.copy()
    for d_row in (-1, 1):
        for d_col in (-1, 1):
            out = draw_ray(out, row, col, d_row, d_col, grid[row, col])
    return out
