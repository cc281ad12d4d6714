"""Two panels of one background: mark in red the cells that are empty in both."""

from arc_solver.dsl import *


def task(grid):
    first, second = top_half(grid), bottom_half(grid)
    if height(grid) % 2 or len(colors_by_count(first)) > 2 or len(colors_by_count(second)) > 2:
        return transpose(task(transpose(grid)))
    bg = next(color for color in colors_by_count(grid) if color in first and color in second)
    return paint_cells(canvas(height(first), width(first), bg), (first == bg) & (second == bg), 2)
