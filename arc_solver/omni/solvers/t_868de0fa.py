"""The inside of each square frame turns 2 if its side is even and 7 if it is odd."""

from arc_solver.dsl import *


def task(grid):
    out = grid
    for frame in objects_on(grid, dominant_color(grid), diagonals=False):
        color = 2 if frame.width % 2 == 0 else 7
        out = fill_box(out, frame.row + 1, frame.col + 1, frame.bottom - 1, frame.right - 1, color)
    return out
