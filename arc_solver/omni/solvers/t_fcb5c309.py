"""The frame with most dots inside is cut out and drawn in the color of the dots."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    frames = [obj for obj in objects_on(grid, bg, False) if is_frame(obj)]
    edge = max(frames, key=lambda obj: obj.size).color
    dots = next(color for color in colors_by_count(grid) if color not in (bg, edge))
    frames = objects_of_color(frames, edge)
    best = max(frames, key=lambda obj: count_cells(crop_object(grid, obj), dots))
    return replace_color(crop_object(grid, best), edge, dots)
