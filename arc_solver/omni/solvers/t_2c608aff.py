"""Every point beside the block draws a straight line to it."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    block = max((largest_rectangle(grid, c) for c in colors_by_count(grid) if c != bg), key=object_size)
    out = grid
    for row, col in np.argwhere((grid != bg) & (grid != block.color)):
        near_row = min(max(row, block.row), block.bottom)
        near_col = min(max(col, block.col), block.right)
        if row == near_row or col == near_col:
            out = draw_line(out, row, col, near_row, near_col, grid[row, col])
    return paint_object(out, block)
