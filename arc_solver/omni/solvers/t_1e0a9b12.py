"""All cells fall down in their columns."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    return swap_colors(gravity_down(swap_colors(grid, bg, 0)), bg, 0)
