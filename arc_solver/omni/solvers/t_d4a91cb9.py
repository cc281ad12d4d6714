"""A yellow path joins the light blue cell with the red one: first up or down, then across."""

from arc_solver.dsl import *


def task(grid):
    start, end = color_object(grid, 8), color_object(grid, 2)
    out = draw_line(grid, start.row, start.col, end.row, start.col, 4)
    out = draw_line(out, end.row, start.col, end.row, end.col, 4)
    return paint_objects(out, [start, end])
