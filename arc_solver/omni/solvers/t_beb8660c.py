"""The bars are sorted by length and stacked on the line of 8, the longest lowest, aligned to the right."""

from arc_solver.dsl import *


def task(grid):
    turns = 0
    while (grid[-1] != 8).any():
        grid, turns = rotate_90(grid), turns + 1
    bg = dominant_color(grid[:-1])
    bars = sort_by_size(objects_on(paint_cells(grid, grid == 8, bg), bg, diagonals=False))
    out = paint_cells(grid, grid != 8, bg)
    row = height(grid) - 1
    for bar in reversed(bars):
        row = row - 1
        out[row, width(grid) - bar.size :] = bar.color
    return np.rot90(out, turns)
