"""Cut out the area between the four corners and complete the picture in it from its small model outside."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    frames = [color_object(grid, color) for color in colors_by_count(grid) if count_cells(grid, color) == 4]
    frames = [obj for obj in frames if np.all(obj.mask[[0, 0, -1, -1], [0, -1, 0, -1]])]
    frame = max(frames, key=lambda obj: obj.height * obj.width)
    inner = crop_object(grid, frame)
    rest = fill_box(grid, frame.row, frame.col, frame.bottom, frame.right, bg)
    model = object_from_cells(rest, rest != bg).grid
    for color in colors_by_count(inner):
        if color not in (bg, frame.color):
            shown, meant = color_object(inner, color), color_object(model, color)
            rows, cols = shown.height // meant.height, shown.width // meant.width
            if rows and cols:
                picture = model.repeat(rows, axis=0).repeat(cols, axis=1)
                top, left = shown.row - rows * meant.row, shown.col - cols * meant.col
                out = paste_over(inner, picture, top, left, bg)
                if np.all((out == inner)[inner != bg]) and np.all((inner == color) == (out == color)):
                    return out
