"""Green marks where exactly one of the two halves has the color that both of them share."""

from arc_solver.dsl import *


def task(grid):
    middle = grid[height(grid) // 2]
    if height(grid) % 2 and count_cells(grid, middle[0]) == len(middle) and (middle == middle[0]).all():
        first, second = top_half(grid), bottom_half(grid)
    else:
        first, second = left_half(grid), right_half(grid)
    shared = next(color for color in colors_by_count(first) if color in second)
    out = canvas(height(first), width(first), shared)
    return paint_cells(out, (first == shared) != (second == shared), 3)
