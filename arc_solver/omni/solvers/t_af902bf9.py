"""Four cells of one color at the corners of a box have the inside of that box filled with red."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    boxes = []
    for top, left in np.argwhere(grid != bg):
        for right in range(left + 2, width(grid)):
            for bottom in range(top + 2, height(grid)):
                corners = grid[[top, top, bottom, bottom], [left, right, left, right]]
                if (corners == corners[0]).all() and (grid[top + 1 : bottom, left + 1 : right] == bg).all():
                    boxes.append(((bottom - top) * (right - left), top, left, bottom, right))
    out, used = grid.copy(), set()
    for _, top, left, bottom, right in sorted(boxes):
        corners = {(top, left), (top, right), (bottom, left), (bottom, right)}
        if not corners & used:
            used |= corners
            out = fill_box(out, top + 1, left + 1, bottom - 1, right - 1, 2)
    return out
