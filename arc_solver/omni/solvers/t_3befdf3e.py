"""Squares with a core: swap their two colors and let four copies of the rim grow out, as wide as the core."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    for obj in objects_on(grid, bg, True, True):
        inner = object_from_cells(grid, object_cells(grid, obj) & (grid == obj.grid[1, 1]))
        core, rim = obj.grid[1, 1], obj.grid[0, 0]
        deep, wide = inner.height, inner.width
        out = fill_box(out, obj.row - deep, obj.col, obj.bottom + deep, obj.right, rim)
        out = fill_box(out, obj.row, obj.col - wide, obj.bottom, obj.right + wide, rim)
        out = fill_box(out, obj.row, obj.col, obj.bottom, obj.right, core)
        out = fill_box(out, inner.row, inner.col, inner.bottom, inner.right, rim)
    return out
