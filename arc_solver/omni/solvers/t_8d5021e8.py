"""The grid and its mirror image side by side are stacked three times, the outer copies upside down."""

from arc_solver.dsl import *


def task(grid):
    middle = mirror_left(grid)
    return vstack_all([flip_vertical(middle), middle, flip_vertical(middle)])
