"""The framed box is stretched in one direction until it reaches the marker, which vanishes."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for row, col in np.argwhere(grid != bg):
        rest = grid.copy()
        rest[row, col] = bg
        box = object_from_cells(rest, rest != bg)
        if count_cells(grid, grid[row, col]) == 1 and is_rectangle(box):
            break
    frame, inside = int(box.grid[0, 0]), int(box.grid[1, 1])
    top, bottom = min(box.row, row), max(box.bottom, row)
    left, right = min(box.col, col), max(box.right, col)
    out = fill_box(rest, top, left, bottom, right, frame)
    return fill_box(out, top + 1, left + 1, bottom - 1, right - 1, inside)
