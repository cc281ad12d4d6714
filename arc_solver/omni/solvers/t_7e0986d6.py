"""The noise goes away, on the ground and in the rectangles; noise colors never fill a 2 x 2 square."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    noise = [color for color in colors_by_count(grid) if not find_pattern(grid, canvas(2, 2, color))]
    spots = np.isin(grid, noise)
    out = np.where(spots, bg, grid)
    boxes = out.copy()
    for obj in objects_on(out, bg):
        boxes = fill_box(boxes, obj.row, obj.col, obj.bottom, obj.right, obj.color)
    for _ in range(4):
        for color in np.unique(out):
            if color != bg:
                out[spots & (boxes == color) & (neighbors_of(out, color, False) >= 2)] = color
    return out
