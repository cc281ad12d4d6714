"""Shrink the nested rectangles so that every rim is one cell wide."""

from arc_solver.dsl import *


def task(grid):
    return compress(grid)
