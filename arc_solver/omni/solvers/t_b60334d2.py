"""Each cell moves to its four diagonal neighbors, with blue on the four sides between."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    for dot in objects_on(grid, bg, False):
        c = dot.color
        out = paste(out, np.array([[c, 1, c], [1, bg, 1], [c, 1, c]]), dot.row - 1, dot.col - 1)
    return out
