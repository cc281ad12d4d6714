"""Cut out the box with two parallel lines of one color as sides and corners of another at their ends."""

from arc_solver.dsl import *


def task(grid):
    for view in (grid, transpose(grid)):
        for side in reversed(colors_by_count(view)):
            box = object_from_cells(view, view == side)
            top, bottom = box.row - 1, box.bottom + 1
            if box.width < 2 or box.size != 2 * box.height or top < 0 or bottom >= height(view):
                continue
            corners = {int(view[row, col]) for row in (top, bottom) for col in (box.col, box.right)}
            if box.mask[:, 0].all() and box.mask[:, -1].all() and len(corners) == 1:
                out = crop(view, top, box.col, box.height + 2, box.width)
                return out if view is grid else transpose(out)
