"""Go on with the pattern downwards for half its height again, and color it 2."""

from arc_solver.dsl import *


def task(grid):
    rows, cols = grid.shape
    longer = repeat_to(repeating_tile(grid), rows + rows // 2, cols)
    return recolor(longer, 2)
