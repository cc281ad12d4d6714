"""Every cell lets its color run down to the next cell or the floor."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    return swap_colors(extend_down(swap_colors(grid, bg, 0)), bg, 0)
