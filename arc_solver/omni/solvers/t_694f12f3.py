"""The inside of the larger rectangle becomes 2, that of the smaller one 1."""

from arc_solver.dsl import *


def task(grid):
    colors = colors_by_count(grid)
    for bg in colors:
        boxes = objects_on(grid, bg, False)
        if len(boxes) == 2 and is_rectangle(boxes[0]) and is_rectangle(boxes[1]):
            break
    out = grid.copy()
    for color, obj in enumerate(sort_by_size(boxes), start=1):
        out = fill_box(out, obj.row + 1, obj.col + 1, obj.bottom - 1, obj.right - 1, color)
    return out
