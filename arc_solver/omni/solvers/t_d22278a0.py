"""Every corner mark sends out every second square angle, over the cells nearest to it."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = canvas(*grid.shape, bg)
    marks = objects_on(grid, bg)
    rows, cols = np.indices(grid.shape)
    steps = [abs(rows - mark.row) + abs(cols - mark.col) for mark in marks]
    for number, mark in enumerate(marks):
        ring = np.maximum(abs(rows - mark.row), abs(cols - mark.col))
        others = steps[:number] + steps[number + 1 :]
        nearest = np.all([steps[number] < other for other in others], axis=0)
        out = paint_cells(out, nearest & (ring % 2 == 0), mark.color)
    return out
