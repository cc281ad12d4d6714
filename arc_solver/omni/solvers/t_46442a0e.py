"""The grid and its three further turns are laid out clockwise as a square."""

from arc_solver.dsl import *


def task(grid):
    return four_rotations(grid)
