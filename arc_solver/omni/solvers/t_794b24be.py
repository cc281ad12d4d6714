"""Count the cells of color 1 and show the number as that many 2s: the top row first, then the middle cell."""

from arc_solver.dsl import *


def task(grid):
    out = canvas(3, 3, dominant_color(grid))
    places = [(0, 0), (0, 1), (0, 2), (1, 1)]
    for row, col in places[: count_cells(grid, 1)]:
        out[row, col] = 2
    return out
