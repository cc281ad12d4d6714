"""Of the nine rooms between two and two lines the middle one becomes 6, those beside it 2, 4, 3 and 1."""

from arc_solver.dsl import *


def task(grid):
    wall = separator_color(grid)
    top, bottom = lines_of(grid, wall, False)
    left, right = lines_of(grid, wall, True)
    last_row, last_col = height(grid) - 1, width(grid) - 1
    out = fill_box(grid, 0, left + 1, top - 1, right - 1, 2)
    out = fill_box(out, top + 1, 0, bottom - 1, left - 1, 4)
    out = fill_box(out, top + 1, left + 1, bottom - 1, right - 1, 6)
    out = fill_box(out, top + 1, right + 1, bottom - 1, last_col, 3)
    return fill_box(out, bottom + 1, left + 1, last_row, right - 1, 1)
