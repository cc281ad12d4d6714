"""Take the cross out and mirror the shape of one quarter into all four, in the color of the cross."""

from arc_solver.dsl import *


def task(grid):
    h, w = grid.shape
    cross = grid[h // 2, 0]
    quarters = np.delete(np.delete(grid, h // 2, axis=0), w // 2, axis=1)
    shape = quarters != dominant_color(quarters)
    shape = shape | flip_vertical(shape)
    shape = shape | flip_horizontal(shape)
    return paint_cells(canvas(h - 1, w - 1, dominant_color(quarters)), shape, cross)
