"""Put a 2 wherever the lines from the marks of one edge and of the other edge cross."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for turns in range(4):
        view = np.rot90(grid, turns)
        if (view[1:, :-1] == bg).all():
            crossings = (view[0] != bg) & (view[:, -1:] != bg)
            crossings[0] = crossings[:, -1] = False
            return np.rot90(paint_cells(view, crossings, 2), -turns)
