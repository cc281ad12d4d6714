"""Pink lines run through the center of each box, across and down, behind the boxes."""

from arc_solver.dsl import *


def task(grid):
    bg, color = colors_by_count(grid)
    box = draw_border(canvas(5, 5, bg), color)
    out = grid.copy()
    for row, col in find_pattern(grid, box):
        out[row + 2, :] = 6
        out[:, col + 2] = 6
    out[grid == color] = color
    return out
