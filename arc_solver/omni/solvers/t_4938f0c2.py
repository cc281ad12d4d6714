"""The figure is mirrored across and down about the 2 x 2 block in the middle."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    parts = [color_object(grid, color) for color in colors_by_count(grid) if color != bg]
    block = next(part for part in parts if part.mask.shape == (2, 2) and part.size == 4)
    out = grid.copy()
    for row, col in np.argwhere(grid != bg):
        for r in (row, block.row + block.bottom - row):
            for c in (col, block.col + block.right - col):
                if 0 <= r < height(grid) and 0 <= c < width(grid):
                    out[r, c] = grid[row, col]
    return out
