"""Lines run from the marked edge across the grid; where an obstacle stops one it goes on at its right."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for turn in range(4):
        view = np.rot90(grid, turn)
        last = set(view[-1].tolist()) - {bg}
        if last and not np.isin(view[:-1], list(last)).any():
            break
    out = view.copy()
    for col in np.flatnonzero(view[-1] != bg).tolist():
        color = view[-1, col]
        for row in reversed(range(height(view))):
            if view[row, col] not in (bg, color):
                col += 1
                out[row + 1, col] = color
            out[row, col] = color
    return np.rot90(out, -turn)
