"""The marks of the one complete figure are found again at other sizes, and each time its rest is added."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    objects = objects_on(grid, bg, True, True)
    model = next(obj for obj in objects if len(obj.colors) == 2)
    mark = next(obj.color for obj in objects if len(obj.colors) == 1)
    marks = object_from_cells(model.grid, model.grid == mark)
    left = grid == mark
    for row, col in model.cells:
        left[row, col] = False
    out = grid.copy()
    for factor in range(30 // max(marks.mask.shape), 0, -1):
        wanted = upscale(marks.mask, factor) > 0
        h, w = wanted.shape
        for row in range(height(grid) - h + 1):
            for col in range(width(grid) - w + 1):
                if left[row : row + h, col : col + w][wanted].all():
                    left[row : row + h, col : col + w][wanted] = False
                    big = upscale(model.grid, factor)
                    big[big == mark] = bg
                    out = paste_over(out, big, row - marks.row * factor, col - marks.col * factor, bg)
    return out
