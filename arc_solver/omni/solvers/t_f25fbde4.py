"""The only drawing is cut out and doubled in size."""

from arc_solver.dsl import *


def task(grid):
    drawing = object_from_cells(grid, grid != dominant_color(grid))
    return upscale(drawing.grid, 2)
