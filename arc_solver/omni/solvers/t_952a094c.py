"""The four cells in the corners of the box go outside, each to the opposite corner."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    box = object_from_cells(grid, grid != bg)
    inside = [(box.row + 1, box.col + 1), (box.row + 1, box.right - 1)]
    inside += [(box.bottom - 1, box.col + 1), (box.bottom - 1, box.right - 1)]
    outside = [(box.row - 1, box.col - 1), (box.row - 1, box.right + 1)]
    outside += [(box.bottom + 1, box.col - 1), (box.bottom + 1, box.right + 1)]
    out = grid.copy()
    for old, new in zip(inside, reversed(outside), strict=True):
        out[new] = grid[old]
        out[old] = bg
    return out
