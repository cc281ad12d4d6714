"""The cell moves one down; above it, every other column is yellow, its own among them."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    cell = objects_on(grid, bg)[0]
    out = erase_object(grid, cell, bg)
    out[: cell.row + 1, cell.col % 2 :: 2] = 4
    return paint_object(out, move_object(cell, 1, 0))
