"""Put the grid's top-to-bottom mirror image on top of it."""

from arc_solver.dsl import *


def task(grid):
    return mirror_up(grid)
