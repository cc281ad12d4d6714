"""Fill the figure up to its bounding box in red."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    figure = object_from_cells(grid, grid != bg)
    full = fill_box(grid, figure.row, figure.col, figure.bottom, figure.right, 2)
    return paint_object(full, figure)
