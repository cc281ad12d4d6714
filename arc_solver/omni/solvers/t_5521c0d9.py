"""Every rectangle moves away from the edge that it stands on, by its own height."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for turn in range(4):
        view = np.rot90(grid, turn)
        objects = objects_on(view, bg, False)
        if all(obj.bottom == height(view) - 1 for obj in objects):
            break
    out = canvas(*view.shape, bg)
    for obj in objects:
        out = paint_object(out, move_object(obj, -obj.height, 0))
    return np.rot90(out, -turn)
