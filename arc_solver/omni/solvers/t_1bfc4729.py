"""Each of two points frames its half of the grid with its color and draws a bar through its own row."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    rows = height(grid)
    upper, lower = grid[: rows // 2], grid[rows // 2 :]
    if (upper == bg).all() or (lower == bg).all():
        return transpose(task(transpose(grid)))
    out = grid.copy()
    for half, edge in [(out[: rows // 2], 0), (out[rows // 2 :], -1)]:
        row, col = np.argwhere(half != bg)[0]
        color = half[row, col]
        half[:, 0] = half[:, -1] = half[edge] = half[row] = color
    return out
