"""Draw a green spiral from the top left corner inwards."""

from arc_solver.dsl import *


def task(grid):
    h, w = grid.shape
    drawn = np.pad(np.zeros(grid.shape, bool), 2)
    drawn[:1] = drawn[-1:] = drawn[:, :1] = drawn[:, -1:] = True
    row, col, d_row, d_col = 2, 2, 0, 1
    drawn[row, col] = True
    steps = 1
    while steps:
        steps = 0
        while True:
            inside = 2 <= row + d_row < h + 2 and 2 <= col + d_col < w + 2
            if not inside or drawn[row + d_row, col + d_col]:
                break
            beyond = row + 2 * d_row, col + 2 * d_col
            if 2 <= beyond[0] < h + 2 and 2 <= beyond[1] < w + 2 and drawn[beyond]:
                break
            row, col, steps = row + d_row, col + d_col, steps + 1
            drawn[row, col] = True
        d_row, d_col = d_col, -d_row
    return paint_cells(grid, drawn[2:-2, 2:-2], 3)
