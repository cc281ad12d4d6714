"""Each triangle shoots a ray from its tip, in the color of the middle of its base."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    for obj in objects_on(grid, bg, False, True):
        color = obj.colors[-1]
        row, col = obj.center
        if obj.height > obj.width:
            to_right = grid[row, obj.col] == color
            out = draw_ray(out, row, obj.right if to_right else obj.col, 0, 1 if to_right else -1, color)
        else:
            down = grid[obj.row, col] == color
            out = draw_ray(out, obj.bottom if down else obj.row, col, 1 if down else -1, 0, color)
    return out
