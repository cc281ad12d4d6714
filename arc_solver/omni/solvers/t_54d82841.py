"""Opposite to the back of every cup, where its opening points, a 4 marks the edge of the grid."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    for cup in objects_on(grid, bg, diagonals=False):
        gap = np.argwhere(~cup.mask)
        if len(gap) != 1:
            continue
        row, col = gap[0]
        if cup.width > cup.height:
            out[0 if row == 0 else -1, cup.col + col] = 4
        else:
            out[cup.row + row, 0 if col == 0 else -1] = 4
    return out
