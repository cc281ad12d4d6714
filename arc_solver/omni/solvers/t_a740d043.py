"""The only drawing is cut out, and the background in it goes black."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    drawing = object_from_cells(grid, grid != bg)
    return replace_color(drawing.grid, bg, 0)
