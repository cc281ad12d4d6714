"""The patch with the most red cells is cut out."""

from arc_solver.dsl import *


def task(grid):
    for bg in colors_by_count(grid):
        patches = objects_on(grid, bg, False, True)
        if all(is_rectangle(patch) for patch in patches):
            return max(patches, key=lambda patch: count_cells(patch.grid, 2)).grid
