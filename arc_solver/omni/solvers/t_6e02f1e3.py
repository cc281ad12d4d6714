"""Draw by the number of colors: one gives the top row, two the diagonal, three the other diagonal."""

from arc_solver.dsl import *


def task(grid):
    out = canvas(height(grid), width(grid), 0)
    last = height(grid) - 1
    colors = len(colors_by_count(grid))
    if colors == 1:
        return draw_line(out, 0, 0, 0, last, 5)
    if colors == 2:
        return draw_line(out, 0, 0, last, last, 5)
    return draw_line(out, 0, last, last, 0, 5)
