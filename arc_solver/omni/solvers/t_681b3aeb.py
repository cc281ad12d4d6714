"""Fit the two shapes together into a full square."""

from arc_solver.dsl import *


def task(grid):
    first, second = [color_object(grid, color) for color in colors_by_count(grid)[1:]]
    side = int(np.sqrt(first.size + second.size))
    for row in range(side - first.height + 1):
        for col in range(side - first.width + 1):
            free = np.ones((side, side), bool)
            free[row : row + first.height, col : col + first.width] = ~first.mask
            rest = object_from_cells(free.astype(int) + 2, free)
            if np.array_equal(rest.mask, second.mask):
                return paint_cells(canvas(side, side, first.color), free, second.color)
