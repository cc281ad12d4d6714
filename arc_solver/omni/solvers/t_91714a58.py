"""Keep only the largest rectangle of one color; all the rest is noise."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    boxes = [largest_rectangle(grid, color) for color in colors_by_count(grid) if color != bg]
    return paint_object(canvas(height(grid), width(grid), bg), largest_object(boxes))
