"""As many objects as there are, so long is the diagonal line in the answer."""

from arc_solver.dsl import *


def task(grid):
    bg, color = colors_by_count(grid)[:2]
    n_objects = len(objects_on(grid, bg, False))
    out = canvas(n_objects, n_objects, bg)
    return draw_line(out, 0, 0, n_objects - 1, n_objects - 1, color)
