"""Each 2 x 2 block leaves a diagonal trail in its own color towards every corner that is marked 2."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    color = next(c for c in colors_by_count(grid) if c not in (bg, 2))
    out = grid.copy()
    for block in objects_on(grid, bg, diagonals=False, multicolor=True):
        for row, col in np.argwhere(block.grid == 2):
            for step in range(30):
                top = block.row + step * (1 if row else -1)
                left = block.col + step * (1 if col else -1)
                out = paste(out, canvas(2, 2, color), top, left)
    return out
