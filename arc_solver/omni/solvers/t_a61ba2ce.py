"""The four corner pieces are put together to a frame."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    corner = {}
    for obj in objects_on(grid, bg):
        for row in (0, -1):
            for col in (0, -1):
                if not obj.mask[-1 - row, -1 - col]:
                    corner[row, col] = obj
    rows = corner[0, 0].height + corner[-1, 0].height
    cols = corner[0, 0].width + corner[0, -1].width
    out = canvas(rows, cols, bg)
    for (row, col), obj in corner.items():
        out = paint_object(out, place_object(obj, -row * (rows - obj.height), -col * (cols - obj.width)))
    return out
