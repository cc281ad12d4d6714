"""A ball starts in each marked corner, runs along the longer side and bounces off the two walls beside it."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    tall = grid if height(grid) >= width(grid) else transpose(grid)
    out = tall.copy()
    for start, step in [(0, 1), (height(tall) - 1, -1)]:
        for col in (0, width(tall) - 1):
            color = tall[start, col]
            if color == bg:
                continue
            row, side = start, 1 if col == 0 else -1
            while 0 <= row < height(tall):
                out[row, col] = color
                if not 0 <= col + side < width(tall):
                    side = -side
                row, col = row + step, col + side
    return out if height(grid) >= width(grid) else transpose(out)
