"""Fill the open box with 4, which also streams out of the gap: straight on, and diagonally from its ends."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    box = largest_object(objects_on(grid, bg))
    out = fill_box(grid, box.row, box.col, box.bottom, box.right, 4)
    out = paint_object(out, box)
    for d_row, d_col in [(-1, 0), (1, 0), (0, -1), (0, 1)]:
        row = box.row if d_row < 0 else box.bottom
        col = box.col if d_col < 0 else box.right
        rows = [row] if d_row else range(box.row, box.bottom + 1)
        cols = [col] if d_col else range(box.col, box.right + 1)
        gap = [(r, c) for r in rows for c in cols if grid[r, c] == bg]
        for r, c in gap:
            out = draw_ray(out, r, c, d_row, d_col, 4)
        if gap:
            for (r, c), side in [(gap[0], -1), (gap[-1], 1)]:
                out = draw_ray(out, r, c, d_row or side, d_col or side, 4)
    return out
