"""Answers in one cell whether the link color joins the two squares: the link color if so, else 0."""

from arc_solver.dsl import *


def task(grid):
    squares = next(
        color
        for color in range(1, 10)
        if count_cells(grid, color) == 8
        and all(is_rectangle(obj) and obj.height == 2 for obj in objects_in_color(grid, color))
    )
    link = next(color for color in colors_by_count(grid) if color not in (0, squares))
    groups = [obj for obj in objects_on(grid, 0, False, True) if squares in obj.colors]
    return canvas(1, 1, link if len(groups) == 1 else 0)
