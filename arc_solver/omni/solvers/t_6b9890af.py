"""The small figure is enlarged until it fills the inside of the frame."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    frames = [obj for obj in objects_on(grid, bg, diagonals=False) if is_frame(obj)]
    frame = largest_object(frames)
    rest = erase_object(grid, frame, bg)
    figure = object_from_cells(rest, rest != bg).grid
    factor = (frame.height - 2) // height(figure)
    return paste(frame.grid, upscale(figure, factor), 1, 1)
