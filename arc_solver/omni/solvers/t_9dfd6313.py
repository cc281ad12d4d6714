"""The grid is mirrored at its one-colored axis: the scribbles on one side change over to the empty side."""

from arc_solver.dsl import *


def task(grid):
    number = np.arange(grid.size).reshape(grid.shape)
    flips = [np.fliplr, np.flipud]
    if height(grid) == width(grid):
        flips = [np.transpose, lambda cells: np.rot90(cells, 2).T, *flips]
    for flip in flips:
        mirrored = flip(number)
        parts = [grid[mirrored == number], grid[mirrored > number], grid[mirrored < number]]
        axis, first, second = [len(np.unique(part)) for part in parts]
        if axis <= 1 and min(first, second) <= 1:
            return flip(grid)
