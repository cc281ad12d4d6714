"""Copy the picture so that its middle lies on each marker, which it replaces."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    objects = objects_on(grid, bg, multicolor=True)
    picture = largest_object(objects)
    out = grid
    for obj in objects:
        if obj.size == 1 and obj.color not in picture.colors:
            copy = move_object(picture, obj.row - picture.center[0], obj.col - picture.center[1])
            out = paint_object(erase_object(out, obj, bg), copy)
    return out
