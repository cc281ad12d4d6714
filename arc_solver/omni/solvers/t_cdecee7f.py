"""List the cells from left to right and write them into three rows of three, the second row backwards."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    listed = [cell for cell in transpose(grid).flat if cell != bg]
    rows = (np.array(listed + [bg] * 9)[:9]).reshape(3, 3)
    rows[1] = rows[1, ::-1]
    return rows
