"""A light blue path joins the red cell with the green one: first across, then up or down."""

from arc_solver.dsl import *


def task(grid):
    start, end = color_object(grid, 2), color_object(grid, 3)
    out = draw_line(grid, start.row, start.col, start.row, end.col, 8)
    out = draw_line(out, start.row, end.col, end.row, end.col, 8)
    return paint_objects(out, [start, end])
