"""Complete the broken box and the broken line inside it; what was missing turns red."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    box = object_from_cells(grid, grid != bg)
    out = draw_box(grid, box.row, box.col, box.bottom, box.right, 2)
    inside = [(r, c) for r, c in box.cells if box.row < r < box.bottom and box.col < c < box.right]
    rows, cols = {r for r, c in inside}, {c for r, c in inside}
    if inside and len(rows) <= len(cols):
        out = draw_line(out, min(rows), box.col, min(rows), box.right, 2)
    elif inside:
        out = draw_line(out, box.row, min(cols), box.bottom, min(cols), 2)
    return paint_object(out, box)
