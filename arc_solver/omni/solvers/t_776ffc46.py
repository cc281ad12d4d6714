"""Shapes of the same form as one in a closed frame take its color."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    objects = objects_on(grid, bg)
    frames = [obj for obj in objects if is_frame(obj)]
    edge = max(frames, key=lambda obj: obj.size).color
    frames = objects_of_color(frames, edge)
    shown = [obj for obj in objects if obj.color != edge and any(inside_box(obj, frame) for frame in frames)]
    out = grid
    for obj in objects:
        if obj.color != edge and any(same_shape(obj, other) for other in shown):
            out = paint_object(out, recolor_object(obj, shown[0].color))
    return out
