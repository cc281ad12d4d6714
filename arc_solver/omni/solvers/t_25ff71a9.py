"""Everything moves down by one row."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    return vstack(canvas(1, width(grid), bg), grid[:-1])
