"""The arrow's corner cell tells on which side the other shape is repeated as its mirror image."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    shapes = [color_object(grid, color) for color in colors_by_count(grid) if color != bg]

    def direction(obj):
        if obj.size == 5 and obj.mask.shape == (3, 3) and obj.mask[1, 1]:
            corners = [(i, j) for i in (0, 2) for j in (0, 2) if obj.mask[i, j]]
            gaps = [(i, j) for i, j in [(0, 1), (1, 0), (1, 2), (2, 1)] if not obj.mask[i, j]]
            if len(corners) == len(gaps) == 1:
                d_row, d_col = corners[0][0] - gaps[0][0], corners[0][1] - gaps[0][1]
                return (d_row, d_col) if abs(d_row) + abs(d_col) == 1 else None

    arrow = next(obj for obj in shapes if direction(obj))
    shape = next(obj for obj in shapes if obj is not arrow)
    d_row, d_col = direction(arrow)
    twin = move_object(mirror_object(shape, d_row != 0), d_row * shape.height, d_col * shape.width)
    return paint_object(grid, twin)
