"""The smallest of the rectangles that nothing covers is cut out."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    boxes = [crop_to_color(grid, color) for color in colors_by_count(grid) if color != bg]
    whole = [box for box in boxes if len(colors_by_count(box)) == 1]
    return min(whole, key=lambda box: box.size)
