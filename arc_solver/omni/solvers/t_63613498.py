"""A corner is fenced off with a sample figure: the same figure elsewhere takes the color of the fence."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for turns in range(4):
        view = np.rot90(grid, turns)
        objects = objects_on(view, bg, False)
        for fence in objects:
            bars = np.zeros_like(fence.mask)
            bars[-1] = bars[:, -1] = True
            if fence.row + fence.col > 0 or min(fence.mask.shape) < 2 or not np.array_equal(fence.mask, bars):
                continue
            inside = [obj for obj in objects if obj is not fence and inside_box(obj, fence)]
            others = [obj for obj in objects if not inside_box(obj, fence)]
            for obj in others:
                if inside and same_shape(obj, largest_object(inside)):
                    return np.rot90(paint_object(view, recolor_object(obj, fence.color)), -turns)
