"""The figure in three colors is completed wherever two of its colors stand, turned, mirrored or enlarged."""

from arc_solver.dsl import *


def task(grid):
    bg, *colors = colors_by_count(grid)
    body = min(colors, key=lambda c: color_object(grid, c).mask.size)
    cells = np.zeros(grid.shape, dtype=bool)
    for part in objects_of_color(objects_on(grid, bg, multicolor=True), body):
        cells |= object_cells(grid, part)
    figure = object_from_cells(grid, cells).grid
    out, rest = grid, paint_cells(grid, cells, bg)
    for factor in range(30 // max(figure.shape), 0, -1):
        for view in eight_views(figure):
            whole = upscale(view, factor)
            keys = replace_color(whole, body, bg)
            row, col = np.argwhere(keys != bg)[0]
            for top, left in np.argwhere(rest == keys[row, col]) - (row, col):
                if top < 0 or left < 0:
                    continue
                place = rest[top : top + len(keys), left : left + len(keys[0])]
                if np.array_equal(place, keys):
                    out = paste_over(out, whole, top, left, bg)
                    rest = paste(rest, canvas(*keys.shape, bg), top, left)
    return out
