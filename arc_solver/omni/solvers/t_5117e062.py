"""The object that has a cell of another color is cut out and given one color."""

from arc_solver.dsl import *


def task(grid):
    for obj in objects_on(grid, dominant_color(grid), True, True):
        if len(obj.colors) == 2:
            return recolor_object(obj, obj.color).grid
