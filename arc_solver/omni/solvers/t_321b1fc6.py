"""Every one-colored copy of the colorful shape takes its colors; the colorful shape itself goes away."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for marker in colors_by_count(grid):
        if marker == bg:
            continue
        model = object_from_cells(grid, (grid != bg) & (grid != marker))
        out = np.where(grid == marker, bg, grid)
        out = erase_object(out, model, bg)
        left = list(map(tuple, np.argwhere(grid == marker)))
        first = model.cells[0]
        while left:
            d_row, d_col = left[0][0] - first[0], left[0][1] - first[1]
            copy = move_object(model, d_row, d_col)
            if not all((row, col) in left for row, col in copy.cells):
                break
            left = [cell for cell in left if cell not in set(map(tuple, copy.cells))]
            out = paint_object(out, copy)
        else:
            return out
