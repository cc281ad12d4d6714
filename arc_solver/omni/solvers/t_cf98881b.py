"""The three panels between the lines are stacked: the first one lies on top, the last one at the bottom."""

from arc_solver.dsl import *


def task(grid):
    panels = split_horizontally(np.hstack([grid, grid[:, :1]]), 3)
    first, second, third = [panel[:, :-1] for panel in panels]
    shared = set(colors_by_count(first)) & set(colors_by_count(second)) & set(colors_by_count(third))
    bg = max(shared, key=lambda color: count_cells(grid, color))
    out = paste_over(third, second, 0, 0, bg)
    return paste_over(out, first, 0, 0, bg)
