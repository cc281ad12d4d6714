"""The tails at the corners of the 2 x 2 square grow on diagonally to the edge."""

from arc_solver.dsl import *


def task(grid):
    filled = grid != dominant_color(grid)
    square = filled[:-1, :-1] & filled[1:, :-1] & filled[:-1, 1:] & filled[1:, 1:]
    row, col = np.argwhere(square)[0]
    out = grid.copy()
    for i, j in [(0, 0), (0, 1), (1, 0), (1, 1)]:
        d_row, d_col = 2 * i - 1, 2 * j - 1
        tail = row + i + d_row, col + j + d_col
        if 0 <= tail[0] < height(grid) and 0 <= tail[1] < width(grid) and filled[tail]:
            out = draw_ray(out, tail[0], tail[1], d_row, d_col, grid[tail])
    return out
