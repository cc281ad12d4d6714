"""Fill every figure between its arms: row by row and column by column from its first to its last cell."""

from arc_solver.dsl import *


def task(grid):
    out = grid.copy()
    for obj in objects_on(grid, dominant_color(grid)):
        for row in range(obj.row, obj.bottom + 1):
            cols = [c for r, c in obj.cells if r == row]
            out = draw_line(out, row, min(cols), row, max(cols), obj.color)
        for col in range(obj.col, obj.right + 1):
            rows = [r for r, c in obj.cells if c == col]
            out = draw_line(out, min(rows), col, max(rows), col, obj.color)
    return out
