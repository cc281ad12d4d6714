"""The single cells come up to the block until they touch it."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    block = max((largest_rectangle(grid, c) for c in colors_by_count(grid) if c != bg), key=object_size)
    out = paint_object(canvas(*grid.shape, bg), block)
    for row, col in np.argwhere((grid != bg) & (grid != block.color)):
        near_row = min(max(row, block.row - 1), block.bottom + 1)
        near_col = min(max(col, block.col - 1), block.right + 1)
        out[near_row, near_col] = grid[row, col]
    return out
