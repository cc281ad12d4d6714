"""Repair the repeating pattern where blots hide it."""

from arc_solver.dsl import *


def task(grid):
    for hidden in colors_by_count(grid)[::-1]:
        try:
            return complete_lattice(grid, hidden)
        except ValueError:
            continue
