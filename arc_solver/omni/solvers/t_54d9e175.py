"""Each panel is filled with the color that stands five above that of the marker in it."""

from arc_solver.dsl import *


def task(grid):
    out = grid.copy()
    for panel in objects_on(grid, separator_color(grid), False, True):
        marker = least_common_color(panel.grid)
        out = paint_object(out, recolor_object(panel, marker + 5))
    return out
