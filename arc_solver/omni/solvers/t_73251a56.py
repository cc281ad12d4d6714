"""Repair the picture, which is its own mirror image along a diagonal and goes on along it."""

from arc_solver.dsl import *


def task(grid):
    for turns in (0, 1):
        out = np.rot90(grid, turns).copy()
        uneven = out != out.T
        hidden = [c for c in colors_by_count(grid) if np.all(((out == c) | (c == out.T))[uneven])]
        if hidden:
            break
    holes = out == hidden[-1]
    out[holes] = out.T[holes]
    side = height(grid)
    for sign in (1, -1):
        for row in range(side)[::sign]:
            for col in range(side)[::sign]:
                before = row - sign, col - sign
                if out[row, col] == hidden[-1] and min(before) >= 0 and max(before) < side:
                    out[row, col] = out[before]
    return np.rot90(out, -turns)
