"""The rectangle with the most spots is cut out."""

from arc_solver.dsl import *


def task(grid):
    spot = colors_by_count(grid)[-1]
    for bg in colors_by_count(grid):
        patches = objects_on(grid, bg, False, True)
        if all(is_rectangle(patch) for patch in patches):
            return max(patches, key=lambda patch: count_cells(patch.grid, spot)).grid
