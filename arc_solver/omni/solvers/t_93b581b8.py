"""Each cell of a 2 x 2 block is drawn as a block of that size beyond the opposite corner."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    for obj in objects_on(grid, bg, True, True):
        if obj.size == 4:
            for i, j in [(0, 0), (0, 1), (1, 0), (1, 1)]:
                row, col = obj.row + (2 if i == 0 else -2), obj.col + (2 if j == 0 else -2)
                out = paste(out, canvas(2, 2, obj.grid[i, j]), row, col)
    return out
