"""Fill the closed squares of the lattice with 3, all that is open, gaps in the walls too, with 4."""

from arc_solver.dsl import *


def task(grid):
    bg = max(colors_by_count(grid), key=lambda color: len(find_pattern(grid, canvas(2, 2, color))))
    out = grid
    for room in objects_in_color(grid, bg, diagonals=False):
        closed = is_rectangle(room) and room.size > 1
        out = paint_object(out, recolor_object(room, 3 if closed else 4))
    return out
