"""Color the inside of every rectangle 2 and leave its rim as it is."""

from arc_solver.dsl import *


def task(grid):
    bg = next(region.color for region in color_regions(grid) if not is_rectangle(region))
    inside = neighbors_alike(grid, True) == 8
    return paint_cells(grid, inside & (grid != bg), 2)
