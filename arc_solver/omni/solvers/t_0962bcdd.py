"""Each plus grows: its arms get one cell longer and its heart's color goes out two cells diagonally."""

from arc_solver.dsl import *


def task(grid):
    out = grid
    for row, col in np.argwhere(neighbors_of(grid, dominant_color(grid), False) == 0):
        heart, arm = grid[row, col], ray_color(grid, 0, 1)[row, col]
        if not (0 < row < height(grid) - 1 and 0 < col < width(grid) - 1):
            continue
        for d_row, d_col in [(-1, -1), (-1, 1), (1, -1), (1, 1)]:
            out = draw_line(out, row + d_row, col + d_col, row + 2 * d_row, col + 2 * d_col, heart)
        arm = grid[row, col + 1]
        for d_row, d_col in [(-1, 0), (1, 0), (0, -1), (0, 1)]:
            out = draw_line(out, row + d_row, col + d_col, row + 2 * d_row, col + 2 * d_col, arm)
    return out
