"""Enlarge the grid by the number of its colors besides the background."""

from arc_solver.dsl import *


def task(grid):
    return upscale(grid, len(colors_by_count(grid)) - 1)
