"""The color of the one cell that eight cells of one color surround, which is not the background's."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for color in colors_by_count(grid):
        if color != bg:
            ringed = (neighbors_of(grid, color, True) == 8) & (grid != color)
            if ringed.any():
                return canvas(1, 1, grid[ringed][0])
