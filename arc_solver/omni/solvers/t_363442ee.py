"""The pattern in the strip beyond the line is stamped on every marked cell, centered on it."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for turn in range(4):
        view = np.rot90(grid, turn)
        lines = [col for col in range(width(view)) if len(set(view[:, col].tolist())) == 1]
        lines = [col for col in lines if view[0, col] != bg and 2 * col < width(view)]
        if lines:
            break
    strip = view[:, : lines[0]]
    pattern = crop_object(strip, object_from_cells(strip, strip != bg))
    out = view.copy()
    for row, col in np.argwhere(view != bg).tolist():
        if col > lines[0]:
            out = paste(out, pattern, row - height(pattern) // 2, col - width(pattern) // 2)
    return np.rot90(out, -turn)
