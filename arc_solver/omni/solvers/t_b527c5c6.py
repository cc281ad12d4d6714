"""Each bar sends a beam from its marked cell to the edge, flanked as broadly as the bar is thick."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid
    for bar in objects_on(grid, bg, False, True):
        color, mark = bar.colors
        row, col = object_from_cells(bar.grid, bar.grid == mark).center
        if bar.height > bar.width or (bar.height == bar.width and 0 < row < bar.height - 1):
            d_row, d_col = 0, 1 if col else -1
        else:
            d_row, d_col = 1 if row else -1, 0
        row, col, reach = row + bar.row, col + bar.col, min(bar.height, bar.width) - 1
        for side in range(-reach, reach + 1):
            start = row + side * abs(d_col), col + side * abs(d_row)
            out = draw_ray(out, *start, d_row, d_col, mark if side == 0 else color)
    return out
