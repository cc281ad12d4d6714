"""Cells shoot lines across the grid, which step one cell away from the red marks wherever they pass one."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for number, view in enumerate(eight_views(grid)):
        marks, seeds = view == 2, (view != 2) & (view != bg)
        if not np.any(marks[:, 1:]) and not np.any(seeds[1:]):
            out = view.copy()
            passed = np.cumsum(marks[:, 0])
            for row in range(height(view)):
                for col in np.flatnonzero(seeds[0]):
                    if col + passed[row] < width(view):
                        out[row, col + passed[row]] = view[0, col]
            out = np.rot90(out, number % 4)
            return out if number < 4 else transpose(out)
