"""The pattern goes on downwards to ten rows, each period shifted sideways as much as the one before."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    rows, cols = grid.shape
    for period in range(1, rows + 1):
        for step in sorted(range(-cols, cols + 1), key=abs):
            shifted = paste(canvas(rows, cols, bg), grid, 0, step)
            if (shifted[: rows - period] == grid[period:]).all():
                out = paste(canvas(10, cols, bg), grid, 0, 0)
                for row in range(rows, 10):
                    above = out[row - period : row - period + 1]
                    out = paste(out, paste(canvas(1, cols, bg), above, 0, step), row, 0)
                return out
