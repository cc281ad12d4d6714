"""All objects move up or down to the height of the blue one."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    level = color_object(grid, 1).row
    out = canvas(*grid.shape, bg)
    for color in colors_by_count(grid)[1:]:
        obj = color_object(grid, color)
        out = paint_object(out, place_object(obj, level, obj.col))
    return out
