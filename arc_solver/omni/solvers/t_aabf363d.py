"""The figure takes the color of the single cell, which goes away."""

from arc_solver.dsl import *


def task(grid):
    bg, figure, single = colors_by_count(grid)
    return replace_color(replace_color(grid, single, bg), figure, single)
