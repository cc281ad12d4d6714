"""A small square in the color of the largest frame."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    frames = objects_on(grid, bg, False)
    largest = max(frames, key=lambda obj: obj.height * obj.width)
    return canvas(2, 2, largest.color)
