"""The marks of one corner appear in all four; marks beside the diagonal go on as dotted sides of a ring."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    last_row, last_col = height(grid) - 1, width(grid) - 1
    for r, c in np.argwhere(grid != bg):
        row, col = min(r, last_row - r), min(c, last_col - c)
        rows = range(row, last_row - row + 1, 2) if row > col else [row, last_row - row]
        cols = range(col, last_col - col + 1, 2) if col > row else [col, last_col - col]
        for y in rows:
            for x in cols:
                out[y, x] = out[y, last_col - x] = out[last_row - y, x] = grid[r, c]
    return out
