"""Three times as large: two 4 x 4 blocks touch along the diagonal of each square's odd cell."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = canvas(3 * height(grid), 3 * width(grid), bg)
    for obj in objects_on(grid, bg, diagonals=False, multicolor=True):
        odd_row, odd_col = np.argwhere(obj.grid != obj.color)[0]
        top = obj.row if odd_row == 1 else obj.row + 2 * height(grid) - 6
        left = obj.col if odd_col == 1 else obj.col + 2 * width(grid) - 6
        block = canvas(4, 4, obj.color)
        falling = odd_row == odd_col
        out = paste(out, block, top, left + (0 if falling else 4))
        out = paste(out, block, top + 4, left + (4 if falling else 0))
    return out
