"""Answer with the color of the only rectangle that has a hole."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    holed = objects_with_holes(objects_on(grid, bg, diagonals=False))
    return canvas(1, 1, holed[0].color)
