"""Each marker gets a ring around it: 3 a ring of 6, 2 a ring of 1, 8 a ring of 4."""

from arc_solver.dsl import *


def task(grid):
    out = grid
    for marker in objects_on(grid, dominant_color(grid)):
        out = surround(out, marker, {3: 6, 2: 1, 8: 4}[marker.color])
    return out
