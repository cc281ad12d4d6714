"""Fill the box with light blue, which runs straight out through every gap in its walls."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    box = object_from_cells(grid, grid != bg)
    out = fill_box(grid, box.row, box.col, box.bottom, box.right, 8)
    for row in range(box.row, box.bottom + 1):
        for col in range(box.col, box.right + 1):
            if grid[row, col] == bg:
                d_row = (row == box.bottom) - (row == box.row)
                d_col = (col == box.right) - (col == box.col)
                if d_row or d_col:
                    out = draw_ray(out, row, col, d_row, d_col, 8)
    return paint_object(out, box)
