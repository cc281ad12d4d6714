"""Blue squares shoot a ray from their upper left corner, red ones from their lower right corner."""

from arc_solver.dsl import *


def task(grid):
    out = grid
    for square in objects_in_color(grid, 1, False):
        out = draw_ray(out, square.row, square.col, -1, -1, 1)
    for square in objects_in_color(grid, 2, False):
        out = draw_ray(out, square.bottom, square.right, 1, 1, 2)
    return out
