"""Keep those cells of the small picture where the large shape, shrunk to its size, has a block."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    objects = objects_on(grid, bg, multicolor=True)
    small = max(objects, key=lambda obj: len(obj.colors))
    shape = np.zeros(grid.shape, bool)
    for obj in objects:
        if obj is not small:
            shape |= object_cells(grid, obj)
    large = object_from_cells(grid, shape)
    rows, cols = large.height // small.height, large.width // small.width
    return np.where(large.mask[::rows, ::cols], small.grid, bg)
