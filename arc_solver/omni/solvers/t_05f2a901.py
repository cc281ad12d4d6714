"""The irregular shape slides straight towards the rectangle until it touches it."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    shapes = [color_object(grid, color) for color in colors_by_count(grid) if color != bg]
    shape = min(shapes, key=lambda obj: (is_rectangle(obj), -obj.size))
    block = next(obj for obj in shapes if obj.color != shape.color)
    if shape.bottom < block.row or shape.row > block.bottom:
        step = (1 if shape.bottom < block.row else -1, 0)
    else:
        step = (0, 1 if shape.right < block.col else -1)
    moved = slide_object(grid, shape, *step, bg)
    return paint_object(erase_object(grid, shape, bg), moved)
