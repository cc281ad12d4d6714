"""What the lines enclose turns red, the background outside green."""

from arc_solver.dsl import *


def task(grid):
    bg, line = colors_by_count(grid)
    inside = enclosed_cells(grid, line) & (grid == bg)
    return paint_cells(replace_color(grid, bg, 3), inside, 2)
