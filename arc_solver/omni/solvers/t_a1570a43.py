"""The shape moves into the frame that the four corner cells mark."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    parts = [color_object(grid, color) for color in colors_by_count(grid)]
    frame = next(p for p in parts if p.size == 4 and p.mask[[0, 0, -1, -1], [0, -1, 0, -1]].all())
    shape = object_from_cells(grid, (grid != bg) & (grid != frame.color))
    shape = place_object(shape, frame.row + 1, frame.col + 1)
    return paint_object(paint_object(canvas(height(grid), width(grid), bg), frame), shape)
