"""Draw every colour as a bar that hangs from the top, as long as it has cells, the longest first."""

from arc_solver.dsl import *


def task(grid):
    colors = colors_by_count(grid)
    counts = [count_cells(grid, color) for color in colors]
    out = canvas(max(counts), len(colors), 0)
    for col, (color, count) in enumerate(zip(colors, counts, strict=True)):
        out[:count, col] = color
    return out
