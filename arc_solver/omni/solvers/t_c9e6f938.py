"""Append the mirror image on the right."""

from arc_solver.dsl import *


def task(grid):
    return mirror_right(grid)
