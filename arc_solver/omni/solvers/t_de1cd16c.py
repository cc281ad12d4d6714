"""Large areas with a few dots: tell the color of the area that has the most dots."""

from arc_solver.dsl import *


def task(grid):
    colors = colors_by_count(grid)
    dot = min(colors, key=lambda color: max(obj.size for obj in objects_in_color(grid, color, False)))
    most = max((c for c in colors if c != dot), key=lambda c: count_cells(crop_to_color(grid, c), dot))
    return canvas(1, 1, most)
