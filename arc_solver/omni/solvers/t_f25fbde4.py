"""The only drawing is cut out and doubled in size."""

from arc_solver.dsl import *


def task(grid):
    drawing = objects_on(grid, dominant_color(grid), multicolor=True)
    cells = np.zeros(grid.shape, dtype=bool)
    for obj in drawing:
        cells |= object_cells(grid, obj)
    return upscale(object_from_cells(grid, cells).grid, 2)
