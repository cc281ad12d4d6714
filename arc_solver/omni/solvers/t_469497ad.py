"""The grid grows by its number of colors, and red diagonals leave the corners of the square in it."""

from arc_solver.dsl import *


def task(grid):
    factor = len(np.unique(grid)) - 1
    for flips in (), (0,), (1,), (0, 1):
        view = upscale(np.flip(grid, flips), factor)
        inside = view[:-factor, :-factor]
        colors = colors_by_count(inside)
        if len(colors) == 2 and not np.isin(colors, [*view[-1], *view[:, -1]]).any():
            break
    parts = [color_object(inside, color) for color in colors]
    square = [obj for obj in parts if is_rectangle(obj)][-1]
    bg = next(obj.color for obj in parts if obj.color != square.color)
    for row, d_row in ((square.row, -1), (square.bottom, 1)):
        for col, d_col in ((square.col, -1), (square.right, 1)):
            view = draw_ray_over(view, row, col, d_row, d_col, 2, bg)
    return np.flip(view, flips)
