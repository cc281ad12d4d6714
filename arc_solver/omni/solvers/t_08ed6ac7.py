"""The bars are colored by their height: 1 for the tallest, 2 for the next, and so on."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    heights = np.count_nonzero(grid != bg, axis=0)
    ranks = sorted(set(heights.tolist()), reverse=True)
    out = grid.copy()
    for col in range(width(grid)):
        out[grid[:, col] != bg, col] = ranks.index(heights[col]) + 1
    return out
