"""Only the longest bar and the shortest bar stay: the longest turns 1, the shortest 2."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    bars = objects_on(grid, bg, diagonals=False)
    out = canvas(height(grid), width(grid), bg)
    out = paint_object(out, recolor_object(smallest_object(bars), 2))
    return paint_object(out, recolor_object(largest_object(bars), 1))
