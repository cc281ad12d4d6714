"""The one filled block is copied to the places of its own filled cells in the grid of blocks."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    side = round(height(grid) ** 0.5)
    for row in range(0, side * side, side):
        for col in range(0, side * side, side):
            block = crop(grid, row, col, side, side)
            if (block != bg).any():
                pattern = (block != bg).astype(int)
                blocks = kronecker(pattern, swap_colors(block, bg, 0))
                return swap_colors(blocks, bg, 0)
