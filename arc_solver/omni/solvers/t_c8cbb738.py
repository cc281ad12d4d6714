"""The cells of each color move together into one frame, so that all of them lie on its rim."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    objects = [color_object(grid, color) for color in colors_by_count(grid) if color != bg]
    rows = max(obj.height for obj in objects)
    cols = max(obj.width for obj in objects)

    def places(obj):
        fits = []
        for row in range(rows - obj.height + 1):
            for col in range(cols - obj.width + 1):
                moved = place_object(obj, row, col).cells
                if all(r in (0, rows - 1) or c in (0, cols - 1) for r, c in moved):
                    off = abs(2 * row + obj.height - rows) + abs(2 * col + obj.width - cols)
                    fits.append((off, row, col))
        return sorted(fits)

    out = canvas(rows, cols, bg)
    for obj in sorted(objects, key=lambda obj: len(places(obj))):
        for _, row, col in places(obj):
            moved = place_object(obj, row, col)
            if (out[object_cells(out, moved)] == bg).all():
                out = paint_object(out, moved)
                break
    return out
