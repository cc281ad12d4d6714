"""Say what a repeating pattern has under the black patch."""

from arc_solver.dsl import *


def task(grid):
    return crop_where(repair_pattern(grid, 0), grid, 0)
