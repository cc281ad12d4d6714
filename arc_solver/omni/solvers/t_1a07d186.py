"""Cells of a line's color move next to their line, other cells vanish."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    upright = any(lines_of(grid, color, True) for color in colors_by_count(grid) if color != bg)
    view = grid if upright else transpose(grid)
    out = canvas(*view.shape, bg)
    for color in colors_by_count(grid):
        if color != bg and lines_of(view, color, True):
            line = lines_of(view, color, True)[0]
            out[:, line] = color
            for row, col in np.argwhere(view == color):
                out[row, line + np.sign(col - line)] = color
    return out if upright else transpose(out)
