"""The longest bar turns 1, the middle one 4 and the shortest 2."""

from arc_solver.dsl import *


def task(grid):
    out = grid
    bars = sort_by_size(objects_on(grid, dominant_color(grid), diagonals=False))
    for bar, color in zip(bars, (2, 4, 1), strict=True):
        out = paint_object(out, recolor_object(bar, color))
    return out
