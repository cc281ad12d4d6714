"""Around each 2 put 4s at the corners, around each 1 put 7s at the sides."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    sides = neighbors_of(grid, 1, False) > 0
    corners = neighbors_of(grid, 2, True) > neighbors_of(grid, 2, False)
    out = paint_cells(grid, sides & (grid == bg), 7)
    return paint_cells(out, corners & (grid == bg), 4)
