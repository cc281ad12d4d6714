"""Single cells around a block show their color on the edge of the block that faces them."""

from arc_solver.dsl import *


def task(grid):
    bg, color = colors_by_count(grid)[:2]
    block = color_object(grid, color)
    out = grid.copy()
    for row, col in np.argwhere((grid != bg) & (grid != color)):
        near = np.clip(row, block.row, block.bottom), np.clip(col, block.col, block.right)
        out[near] = grid[row, col]
    return out
