"""Fill the hole of a box in red where the hole is a square."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    for box in objects_on(grid, bg):
        holes = enclosed_cells(object_cells(grid, box).astype(int), 1)
        for hole in objects_on(np.where(holes & ~object_cells(grid, box), 1, 0), 0, False):
            if is_rectangle(hole) and hole.height == hole.width:
                out = paint_object(out, recolor_object(hole, 2))
    return out
