"""Each plus grows: its arms get one cell longer and its heart's color goes out two cells diagonally."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid
    for row, col in np.argwhere((neighbors_of(grid, bg, False) == 0) & (edge_distance(grid) > 0)):
        heart, arm = grid[row, col], grid[row, col + 1]
        for d_row, d_col in [(-1, -1), (-1, 1), (1, -1), (1, 1)]:
            out = draw_line(out, row + d_row, col + d_col, row + 2 * d_row, col + 2 * d_col, heart)
        for d_row, d_col in [(-1, 0), (1, 0), (0, -1), (0, 1)]:
            out = draw_line(out, row + d_row, col + d_col, row + 2 * d_row, col + 2 * d_col, arm)
    return out
