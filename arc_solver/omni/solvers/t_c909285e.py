"""Cut out the frame in the color of its own."""

from arc_solver.dsl import *


def task(grid):
    frames = [color_object(grid, color) for color in colors_by_count(grid)]
    frames = [obj for obj in frames if is_frame(obj)]
    return crop_object(grid, frames[-1])
