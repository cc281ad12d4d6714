"""A box in the color of the ring is drawn just inside the four dots."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    ring, dots = [color for color in colors_by_count(grid) if color != bg]
    box = object_from_cells(grid, grid == dots)
    return draw_box(grid, box.row + 1, box.col + 1, box.bottom - 1, box.right - 1, ring)
