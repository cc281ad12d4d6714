"""The square is cut out and its two colors change places."""

from arc_solver.dsl import *


def task(grid):
    for bg in colors_by_count(grid):
        box = object_from_cells(grid, grid != bg)
        colors = np.unique(box.grid)
        rim = np.concatenate([box.grid[0], box.grid[-1], box.grid[:, 0], box.grid[:, -1]])
        if len(colors) == 2 and len(np.unique(rim)) == 1 and box.grid.size < grid.size:
            return swap_colors(crop_object(grid, box), *colors)
