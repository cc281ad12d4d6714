"""The grid and its three turns, arranged around the center."""

from arc_solver.dsl import *


def task(grid):
    return four_rotations(grid)
