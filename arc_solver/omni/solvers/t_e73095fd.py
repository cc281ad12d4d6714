"""Fill the boxes on the roads with 4, also those that the edge of the grid cuts."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    framed = np.pad(grid, 1, constant_values=bg)

    def is_corner(row, col, d_row, d_col):
        on_edge = row in (0, framed.shape[0] - 1) or col in (0, framed.shape[1] - 1)
        return on_edge or (framed[row + d_row, col] == bg and framed[row, col + d_col] == bg)

    out = grid
    for room in objects_in_color(grid, bg, diagonals=False):
        ring = grow_cells(object_cells(grid, room)) & ~object_cells(grid, room)
        top, bottom, left, right = room.row, room.bottom + 2, room.col, room.right + 2
        corners = [(top, left, -1, -1), (top, right, -1, 1), (bottom, left, 1, -1), (bottom, right, 1, 1)]
        if is_rectangle(room) and (grid[ring] != bg).all() and all(is_corner(*corner) for corner in corners):
            out = paint_object(out, recolor_object(room, 4))
    return out
