"""Blue floods through empty cells."""

from arc_solver.dsl import *


def task(grid):
    out = grid.copy()
    for area in objects_in_color(np.where(grid == 1, 0, grid), 0, False):
        cells = object_cells(grid, area)
        if np.any(grid[cells] == 1):
            out = paint_cells(out, cells, 1)
    return out
