"""Gaps in a row, the first and last row apart, with something on both sides are filled in maroon."""

from arc_solver.dsl import *


def task(grid):
    colors = colors_by_count(grid)
    bg = next(c for c in colors if all(is_rectangle(obj) for obj in objects_on(grid, c, False)))
    filled = grid != bg
    on_left = np.maximum.accumulate(filled, axis=1)
    on_right = np.maximum.accumulate(filled[:, ::-1], axis=1)[:, ::-1]
    gaps = on_left & on_right & ~filled
    gaps[[0, -1]] = False
    return paint_cells(grid, gaps, 9)
