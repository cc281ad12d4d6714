"""Mirror the shape in all four directions about the middle of the X."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    cross = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], bool)
    shapes = [color_object(grid, color) for color in colors_by_count(grid) if color != bg]
    middle = next(obj for obj in shapes if np.array_equal(obj.mask, cross))
    row, col = middle.center
    out = grid.copy()
    for r, c in np.argwhere((grid != bg) & ~object_cells(grid, middle)):
        for new in ((r, 2 * col - c), (2 * row - r, c), (2 * row - r, 2 * col - c)):
            if 0 <= new[0] < height(grid) and 0 <= new[1] < width(grid):
                out[new] = grid[r, c]
    return out
