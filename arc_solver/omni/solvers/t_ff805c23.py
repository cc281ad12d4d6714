"""What the one-colored rectangle hides of the symmetric picture is restored and cut out."""

from arc_solver.dsl import *


def task(grid):
    for color in colors_by_count(grid)[::-1]:
        patch = color_object(grid, color)
        hidden = grid == color
        if is_rectangle(patch) and (hidden != hidden[::-1]).any() | (hidden != hidden[:, ::-1]).any():
            whole = grid
            for view in eight_views(grid):
                whole = np.where(whole == color, view, whole)
            return crop_object(whole, patch)
