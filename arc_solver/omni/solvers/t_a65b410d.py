"""Above the bar bars of 3 grow by one cell a row, below it bars of 1 shrink by one cell a row."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for turn in range(4):
        view = np.rot90(grid, turn)
        bar = objects_on(view, bg)[0]
        if bar.height == 1 and bar.col == 0:
            break
    out = view.copy()
    for row in range(height(view)):
        length = min(bar.width + bar.row - row, width(view))
        if row != bar.row and length > 0:
            out = draw_line(out, row, 0, row, length - 1, 3 if row < bar.row else 1)
    return np.rot90(out, -turn)
