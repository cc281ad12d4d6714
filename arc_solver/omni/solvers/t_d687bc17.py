"""Cells in the color of a side of the frame move next to that side, all other cells inside vanish."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid[1:-1, 1:-1])
    out = canvas(*grid.shape, bg)
    for turn in range(4):
        view, turned = np.rot90(grid, turn), np.rot90(out, turn).copy()
        side = view[0, 1]
        turned[0, 1:-1] = side
        turned[1, 1:-1][np.any(view[1:-1, 1:-1] == side, axis=0)] = side
        out = np.rot90(turned, -turn)
    return out
