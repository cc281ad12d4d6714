"""Lay the two halves on each other: red where both are empty."""

from arc_solver.dsl import *


def task(grid):
    for view in (grid, transpose(grid)):
        if height(view) % 2 == 0:
            first, second = split_vertically(view, 2)
            shared = np.intersect1d(first, second)
            if len(shared) == 1 and max(len(colors_by_count(half)) for half in (first, second)) <= 2:
                bg = shared[0]
                out = paint_cells(canvas(*first.shape, bg), (first == bg) & (second == bg), 2)
                return out if view is grid else transpose(out)
