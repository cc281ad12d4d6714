"""Two cells of one color that face each other on opposite edges are joined by a line."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    if (grid[:, 1:-1] != bg).any():
        return transpose(task(transpose(grid)))
    out = grid.copy()
    for row in range(height(grid)):
        if grid[row, 0] == grid[row, -1]:
            out[row, :] = grid[row, 0]
    return out
