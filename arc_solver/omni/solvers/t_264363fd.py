"""Each dot in a rectangle gets the stamp, whose long arms run on to the rectangle's edges."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    stamp, *boxes = sort_by_size(objects_on(grid, bg, True, True))
    cells = stamp.cells
    row, col = min(cells, key=lambda at: sum((r - at[0]) ** 4 + (c - at[1]) ** 4 for r, c in cells))
    heart = crop(grid, row - 1, col - 1, 3, 3)
    arms = [(-1, 0), (1, 0), (0, -1), (0, 1)]
    arms = [(d_row, d_col) for d_row, d_col in arms if (row + 2 * d_row, col + 2 * d_col) in cells]
    out = erase_object(grid, stamp, bg)
    for box in boxes:
        dots = [cell for cell in box.cells if grid[cell] != box.color]
        for r, c in dots:
            for d_row, d_col in arms:
                end_row = box.row if d_row < 0 else box.bottom if d_row else r
                end_col = box.col if d_col < 0 else box.right if d_col else c
                out = draw_line(out, r, c, end_row, end_col, grid[row + 2 * d_row, col + 2 * d_col])
        for r, c in dots:
            out = paste_over(out, heart, r - 1, c - 1, bg)
    return out
