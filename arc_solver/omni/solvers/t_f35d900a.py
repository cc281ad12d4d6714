"""Each of four marks gets a ring in the other color; dotted gray lines join them along the sides."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    first, second = colors_by_count(grid)[1:3]
    marks = np.argwhere(grid != bg)
    (top, left), (bottom, right) = marks.min(axis=0), marks.max(axis=0)
    out = grid
    for step in range(2, (bottom - top) // 2 + 1, 2):
        for row in (top + step, bottom - step):
            out = paste(out, canvas(1, 1, 5), row, left)
            out = paste(out, canvas(1, 1, 5), row, right)
    for step in range(2, (right - left) // 2 + 1, 2):
        for col in (left + step, right - step):
            out = paste(out, canvas(1, 1, 5), top, col)
            out = paste(out, canvas(1, 1, 5), bottom, col)
    for row, col in marks:
        other = first + second - int(grid[row, col])
        out = draw_box(out, row - 1, col - 1, row + 1, col + 1, other)
    return out
