"""A nest of angles around one corner goes on, its colors over and over, to twice the size."""

from arc_solver.dsl import *


def task(grid):
    size = height(grid)
    rows, cols = np.indices((2 * size, 2 * size))
    order = np.maximum(rows, cols)
    for turns in range(4):
        view = np.rot90(grid, turns)
        colors = np.array([view[i, i] for i in range(size) if view[i, i] > 0])
        if len(colors) == 0:
            continue
        out = colors[order % len(colors)]
        if np.array_equal(np.where(order < len(colors), out, 0)[:size, :size], view):
            return np.rot90(out, -turns)
