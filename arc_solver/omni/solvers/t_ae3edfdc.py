"""Cells of 3 fly along their lines to the 2, cells of 7 to the 1, until they touch it; all others vanish."""

from arc_solver.dsl import *


def task(grid):
    out = canvas(*grid.shape, dominant_color(grid))
    for center, color in [(2, 3), (1, 7)]:
        for row, col in np.argwhere(grid == center):
            out[row, col] = center
            for other_row, other_col in np.argwhere(grid == color):
                down, right = other_row - row, other_col - col
                if down == 0 or right == 0 or abs(down) == abs(right):
                    out[row + np.sign(down), col + np.sign(right)] = color
    return out
