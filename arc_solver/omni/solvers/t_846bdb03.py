"""Put the shape into the frame, mirrored if need be, its colors at the sides of the same colors."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for color in colors_by_count(grid):
        frame = color_object(grid, color)
        if frame.size == 4 and np.all(frame.grid[[0, 0, -1, -1], [0, -1, 0, -1]] == color):
            break
    out = crop_object(grid, frame)
    rest = fill_box(grid, frame.row, frame.col, frame.bottom, frame.right, bg)
    shape = object_from_cells(rest, rest != bg).grid
    upright = out[1, 0] != bg
    near, far = (out[1, 0], out[1, -1]) if upright else (out[0, 1], out[-1, 1])
    axis = 1 if upright else 0
    if np.argwhere(shape == near)[:, axis].mean() > np.argwhere(shape == far)[:, axis].mean():
        shape = flip_horizontal(shape) if upright else flip_vertical(shape)
    return paste(out, shape, 1, 1)
