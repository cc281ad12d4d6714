"""Put a plus of 3 in the middle between the two points."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    (row, col), (last_row, last_col) = np.argwhere(grid != bg)
    middle = np.zeros(grid.shape, dtype=bool)
    middle[(row + last_row + 1) // 2, (col + last_col + 1) // 2] = True
    return paint_cells(grid, grow_cells(middle, diagonals=False), 3)
