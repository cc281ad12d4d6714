"""Beside the bar stand ever shorter bars, in color 8 and the bar's own color by turns."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for turn in range(4):
        view = np.rot90(grid, turn)
        bar = objects_on(view, bg)[0]
        if bar.row == 0 and bar.bottom < height(view) - 1:
            break
    out = view.copy()
    for col in range(width(view)):
        distance = max(bar.col - col, col - bar.right, 0)
        step = -(-distance // bar.width)
        if bar.height > step:
            out = draw_line(out, 0, col, bar.height - step - 1, col, 8 if step % 2 else bar.color)
    return np.rot90(out, -turn)
