"""A staircase: each new row is the one above pushed on by one more cell of the first color."""

from arc_solver.dsl import *


def task(grid):
    rows = [grid]
    while len(rows) < width(grid) // 2:
        row = roll(rows[-1], 0, 1)
        row[0, 0] = grid[0, 0]
        rows.append(row)
    return vstack_all(rows)
