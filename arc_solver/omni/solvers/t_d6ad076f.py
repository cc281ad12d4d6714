"""Join the two blocks by a light blue bridge, one cell narrower on each side than what faces."""

from arc_solver.dsl import *


def task(grid):
    first, second = [color_object(grid, color) for color in colors_by_count(grid)[1:]]
    top, bottom = max(first.row, second.row), min(first.bottom, second.bottom)
    left, right = max(first.col, second.col), min(first.right, second.right)
    if top > bottom:
        return fill_box(grid, bottom + 1, left + 1, top - 1, right - 1, 8)
    return fill_box(grid, top + 1, right + 1, bottom - 1, left - 1, 8)
