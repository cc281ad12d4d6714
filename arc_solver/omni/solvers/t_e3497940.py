"""The left half, with what is on the right of the middle line folded over onto it."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    return paste_over(flip_horizontal(right_half(grid)), left_half(grid), 0, 0, bg)
