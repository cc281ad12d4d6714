"""Cells that lie level with the block are joined to it by lines in their color."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    block = max((largest_rectangle(grid, c) for c in colors_by_count(grid) if c != bg), key=lambda b: b.size)
    out = grid
    for row, col in np.argwhere(grid != bg):
        color = grid[row, col]
        if block.row <= row <= block.bottom and not block.col <= col <= block.right:
            out = draw_line(out, row, col, row, block.col - 1 if col < block.col else block.right + 1, color)
        if block.col <= col <= block.right and not block.row <= row <= block.bottom:
            out = draw_line(out, row, col, block.row - 1 if row < block.row else block.bottom + 1, col, color)
    return out
