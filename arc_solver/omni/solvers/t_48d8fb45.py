"""The shape that has a single cell of another color on it is cut out alone."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for obj in objects_on(grid, bg, True, True):
        if len(obj.colors) == 2 and obj.size > 2 and count_cells(obj.grid, obj.colors[1]) == 1:
            shape = object_from_cells(grid, object_cells(grid, obj) & (grid == obj.color))
            return object_grid(shape)
