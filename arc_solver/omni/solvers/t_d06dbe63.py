"""From each marked cell a staircase of 5 climbs to the right and falls to the left."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    for row, col in np.argwhere(grid != bg):
        for way in (-1, 1):
            r, c = row, col
            while 0 <= r < height(grid):
                out = draw_line(out, r + way, c, r + way, c, 5)
                out = draw_line(out, r + 2 * way, c, r + 2 * way, c - 2 * way, 5)
                r, c = r + 2 * way, c - 2 * way
    return np.where(grid != bg, grid, out)
