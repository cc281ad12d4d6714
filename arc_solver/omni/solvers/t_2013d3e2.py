"""Keep the top left quarter of the symmetric figure."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    figure = object_from_cells(grid, grid != bg)
    return left_half(top_half(figure.grid))
