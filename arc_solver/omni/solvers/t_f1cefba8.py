"""A bulge of the core into its frame becomes a line, frame-colored inside the core, core-colored outside."""

from arc_solver.dsl import *


def task(grid):
    boxes = {color: object_from_cells(grid, grid != color) for color in colors_by_count(grid)}
    bg, box = next((color, box) for color, box in boxes.items() if is_rectangle(box))
    frame = grid[box.row, box.col]
    core = next(color for color in box.colors if color != frame)
    top, bottom, left, right = box.row + 2, box.bottom - 2, box.col + 2, box.right - 2
    out = fill_box(grid, box.row, box.col, box.bottom, box.right, frame)
    out = fill_box(out, top, left, bottom, right, core)
    inside = np.zeros(grid.shape, bool)
    inside[top : bottom + 1, left : right + 1] = True
    rows = [r for r in range(top, bottom + 1) if core in (grid[r, left - 1], grid[r, right + 1])]
    cols = [c for c in range(left, right + 1) if core in (grid[top - 1, c], grid[bottom + 1, c])]
    lines = np.zeros(grid.shape, bool)
    lines[rows] = True
    lines[:, cols] = True
    out = paint_cells(out, lines & inside, frame)
    return paint_cells(out, lines & (grid == bg), core)
