"""Under each 2 x 2 square hangs a strip of 3, as long as the square has different colors."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    left = grid != bg
    for row, col in np.argwhere(left):
        if left[row, col]:
            left[row : row + 2, col : col + 2] = False
            colors = len(np.unique(crop(grid, row, col, 2, 2)))
            out = fill_box(out, row + 2, col, row + 1 + colors, col + 1, 3)
    return out
