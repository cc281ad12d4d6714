"""Each pair of neighboring cells gets a green ring."""

from arc_solver.dsl import *


def task(grid):
    out = grid
    for pair in objects_on(grid, dominant_color(grid), False):
        if pair.size == 2:
            out = surround(out, pair, 3)
    return out
