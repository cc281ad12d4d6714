"""The whole figure is repeated in each direction where a piece of it lies, in the piece's color."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)

    def repeated(model):
        out = paint_object(canvas(height(grid), width(grid), bg), model)
        for i, j in [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]:
            step = i * (model.height + 1), j * (model.width + 1)
            place = object_cells(grid, move_object(model, *step)) & (grid != bg)
            if place.any():
                for n in range(1, 30):
                    copy = move_object(model, n * step[0], n * step[1])
                    out = paint_object(out, recolor_object(copy, grid[place][0]))
        return out

    for color in colors_by_count(grid)[1:]:
        model = color_object(grid, color)
        out = repeated(model)
        if (out[grid != bg] == grid[grid != bg]).all():
            return out
