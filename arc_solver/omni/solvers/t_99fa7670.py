"""Every cell shoots a ray to the right, which turns down at the edge as far as the next ray."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    for obj in objects_on(grid, bg):
        for row, col in obj.cells:
            out[row, col:] = grid[row, col]
            out[row:, -1] = grid[row, col]
    return out
