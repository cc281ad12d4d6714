"""A zigzag cuts off triangles below and above it: fill every third, counted from the left, in yellow."""

from arc_solver.dsl import *


def task(grid):
    out = grid.copy()
    turn = height(grid) - 1
    for row in range(height(grid)):
        for col in range(width(grid)):
            line = turn - abs(turn - col % (2 * turn))
            below = 2 * ((col + turn) // (2 * turn))
            above = 2 * (col // (2 * turn)) + 1
            if (row > line and below % 3 == 0) or (row < line and above % 3 == 0):
                out[row, col] = 4
    return out
