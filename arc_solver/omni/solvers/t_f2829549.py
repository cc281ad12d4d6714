"""A line cuts the grid in two panels: mark in green the cells that are empty in both."""

from arc_solver.dsl import *


def task(grid):
    middle = width(grid) // 2
    if len(set(grid[:, middle])) > 1 or np.any(grid[:, :middle] == grid[0, middle]):
        return transpose(task(transpose(grid)))
    left, right = left_half(grid), right_half(grid)
    bg = next(color for color in colors_by_count(grid) if color in left and color in right)
    return paint_cells(canvas(height(left), width(left), bg), (left == bg) & (right == bg), 3)
