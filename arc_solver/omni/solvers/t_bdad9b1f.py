"""Lines that start at an edge run through the whole grid; where two of them cross, the cell is yellow."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    rows = [r for r in range(height(grid)) if grid[r, 0] != bg or grid[r, -1] != bg]
    cols = [c for c in range(width(grid)) if grid[0, c] != bg or grid[-1, c] != bg]
    for col in cols:
        out[:, col] = grid[0, col] if grid[0, col] != bg else grid[-1, col]
    for row in rows:
        out[row] = grid[row, 0] if grid[row, 0] != bg else grid[row, -1]
        out[row, cols] = 4
    return out
