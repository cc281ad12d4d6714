"""Where a red cell is beside a green one, the green one turns light blue and the red one goes."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    red, green = grid == 2, grid == 3
    out = paint_cells(grid, red & grow_cells(green, False), bg)
    return paint_cells(out, green & grow_cells(red, False), 8)
