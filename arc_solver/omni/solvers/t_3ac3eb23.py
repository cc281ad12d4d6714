"""From each cell on the edge a zigzag runs across: single cells and pairs of their neighbors in turn."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for turns in range(4):
        view = np.rot90(grid, turns)
        if (view[1:] == bg).all():
            out = view.copy()
            out[2::2] = view[0]
            for col in np.flatnonzero(view[0] != bg):
                for side in (col - 1, col + 1):
                    if 0 <= side < view.shape[1]:
                        out[1::2, side] = view[0, col]
            return np.rot90(out, -turns)
