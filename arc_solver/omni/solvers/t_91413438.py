"""Copies of the grid, as many as filled cells, in reading order; the empty cells tell how many fit a side."""

from arc_solver.dsl import *


def task(grid):
    empty = count_cells(grid, 0)
    out = canvas(height(grid) * empty, width(grid) * empty, 0)
    for i in range(grid.size - empty):
        row, col = divmod(i, empty)
        out = paste(out, grid, row * height(grid), col * width(grid))
    return out
