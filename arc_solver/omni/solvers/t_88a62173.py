"""A cross cuts the grid into four panels: keep the one that differs from the others."""

from arc_solver.dsl import *


def task(grid):
    halves = [top_half(grid), bottom_half(grid)]
    return odd_grid_out([part for half in halves for part in (left_half(half), right_half(half))])
