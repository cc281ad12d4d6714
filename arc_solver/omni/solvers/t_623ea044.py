"""From each point diagonals run in all four directions to the edge."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid
    for row, col in np.argwhere(grid != bg):
        for d_row, d_col in [(-1, -1), (-1, 1), (1, -1), (1, 1)]:
            out = draw_ray(out, row, col, d_row, d_col, grid[row, col])
    return out
