"""Two panels lie beside a dividing line: cells that are empty in both turn green, all others empty."""

from arc_solver.dsl import *


def task(grid):
    middle = grid[:, width(grid) // 2]
    if width(grid) % 2 == 0 or len(set(middle)) > 1:
        return transpose(task(transpose(grid)))
    left, right = left_half(grid), right_half(grid)
    shared = [c for c in colors_by_count(hstack(left, right)) if c in left and c in right]
    bg = shared[0] if shared else dominant_color(hstack(left, right))
    out = canvas(height(left), width(left), bg)
    return paint_cells(out, (left == bg) & (right == bg), 3)
