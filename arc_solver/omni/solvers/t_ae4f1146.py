"""Of all the squares cut out the one with the most cells of color 1."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    squares = objects_on(grid, bg, diagonals=False, multicolor=True)
    return object_grid(max(squares, key=lambda obj: count_cells(obj.grid, 1)))
