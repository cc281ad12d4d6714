"""The grid is mirrored to the right and then down."""

from arc_solver.dsl import *


def task(grid):
    return mirror_down(mirror_right(grid))
