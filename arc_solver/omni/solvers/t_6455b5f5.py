"""Of the regions that the lines cut out, the largest turns 1 and the smallest turn 8."""

from arc_solver.dsl import *


def task(grid):
    regions = sort_by_size(objects_in_color(grid, dominant_color(grid), diagonals=False))
    out = grid
    for region in regions:
        if region.size == regions[-1].size:
            out = paint_object(out, recolor_object(region, 1))
        elif region.size == regions[0].size:
            out = paint_object(out, recolor_object(region, 8))
    return out
