"""Two cells grow towards each other as stems; each opens into a fork of five cells, and the forks meet."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    (row, col), (row_2, col_2) = np.argwhere(grid != bg)
    if row != row_2:
        return transpose(task(transpose(grid)))
    first, second = sorted([col, col_2])
    half = (second - first + 1) // 2
    out = grid
    for start, step in [(first, 1), (second, -1)]:
        color, bar = grid[row, start], start + step * (half - 2)
        out = draw_line(out, row, start, row, bar, color)
        out = draw_line(out, row - 2, bar, row + 2, bar, color)
        out = paste(out, canvas(1, 1, color), row - 2, bar + step)
        out = paste(out, canvas(1, 1, color), row + 2, bar + step)
    return out
